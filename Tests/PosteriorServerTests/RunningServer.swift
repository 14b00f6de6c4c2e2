import Foundation
import Glibc
import Synchronization
import TestSupport

/// The program serving the shipped models, until it is stopped or forgotten.
final class RunningServer {
    let program: ServerProgram
    /// Where it listens, as `http://127.0.0.1:PORT`.
    let url: String
    private let process: Process
    private let output: Lines

    /// The lines a program prints, gathered by a thread of their own.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        init(_ handle: FileHandle) {
            DispatchQueue(label: "lines").async { [self] in
                var rest = Data()
                while true {
                    let data = handle.availableData
                    if data.isEmpty { return }
                    rest += data
                    while let end = rest.firstIndex(of: 0x0A) {
                        let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                        lines.withLock { $0.append(line) }
                        rest = rest[rest.index(after: end)...]
                    }
                }
            }
        }

        /// A list of its own: that counting references orders what two threads do with a shared one
        /// is nothing that the thread sanitizer sees.
        var all: [String] { lines.withLock { $0.map { $0 } } }

        /// The first line that holds a text, waited for at most ten seconds.
        func first(with text: String) -> String? {
            for _ in 0..<1000 {
                let line = lines.withLock { $0.first { $0.contains(text) } }
                if let line { return line }
                usleep(10_000)
            }
            return nil
        }
    }

    /// Why a server did not start.
    struct NotStarted: Error { let output: [String] }

    /// Starts one on a free port and waits until it listens.
    init(
        _ arguments: [String] = [],
        variables: [String: String] = [:],
        in program: ServerProgram? = nil
    ) throws {
        self.program = try program ?? ServerProgram()
        process = self.program.process(
            ["--models", ServerProgram.models, "--port", "0"] + arguments,
            variables: variables
        )
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        output = Lines(pipe.fileHandleForReading)
        guard let line = output.first(with: "listening on "),
            let start = line.range(of: "listening on ")
        else { throw NotStarted(output: output.all) }
        url = String(line[start.upperBound...].prefix { $0 != "\"" })
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// What it has printed so far.
    var lines: [String] { output.all }

    /// A line of its log, waited for.
    func line(with text: String) -> String? { output.first(with: text) }

    /// Its memory that is resident, in megabytes.
    func residentMegabytes() throws -> Double {
        let path = "/proc/\(process.processIdentifier)/statm"
        let pages = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")
        guard pages.count > 1, let count = Double(pages[1]) else { return .infinity }
        return count * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for its end and returns its exit status.
    func waitUntilExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// What curl got: the status, 0 where there was no answer, and the content.
    func get(_ path: String, _ arguments: [String] = []) throws -> (status: Int, text: String) {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        curl.arguments =
            ["curl", "--silent", "--max-time", "20", "--write-out", "\n%{http_code}"]
            + arguments + [url + path]
        let pipe = Pipe()
        curl.standardOutput = pipe
        try curl.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        curl.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(parts.last ?? "") ?? 0, parts.dropLast().joined(separator: "\n"))
    }
}
