import Foundation
import TestSupport

/// The program while it serves, on a free port.
final class RunningProgram {
    /// Why it does not run.
    struct StartError: Error {
        let output: String
    }

    private let process: Process
    /// Where it listens.
    let port: UInt16

    /// Starts it and waits until it listens.
    init(_ program: ServerProgram, _ arguments: [String]) throws {
        process = program.process(
            ["--models", ServerProgram.models, "--port", "0", "--drain-delay", "0"] + arguments
        )
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        var found: UInt16?
        while found == nil {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw StartError(output: text) }
            text += String(decoding: data, as: UTF8.self)
            for line in text.split(separator: "\n").filter({ $0.contains("listening on ") }) {
                found = line.split(separator: ":").last.flatMap {
                    UInt16($0.prefix { $0.isNumber })
                }
            }
        }
        port = found ?? 0
        // What it prints later must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    /// Ends it at once.
    func stop() {
        process.terminate()
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
