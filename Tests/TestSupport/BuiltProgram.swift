public import Foundation

/// A program as built, run in a folder of its own that is removed afterwards.
open class BuiltProgram {
    /// The folder, where the program runs.
    public let folder: URL
    private let name: String

    /// Makes the folder.
    ///
    /// - Parameter name: The name of the program, which was built with the tests.
    public init(_ name: String) throws {
        self.name = name
        folder = URL(filePath: NSTemporaryDirectory())
            .appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What a run left behind.
    public struct Run: CustomStringConvertible {
        public var status: Int32
        public var output: String
        public var errors: String
        public var description: String { "exit \(status)\n\(output)\(errors)" }
    }

    /// The program beside the tests.
    private var executable: URL {
        let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
        let folder =
            tests.bundlePath.hasSuffix(".xctest")
            ? tests.bundleURL.deletingLastPathComponent() : tests.bundleURL
        return folder.appending(path: name)
    }

    /// The program, not yet started.
    public func process(_ arguments: [String], environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = environment
        return process
    }

    /// Runs a process to its end.
    ///
    /// - Parameters:
    ///   - process: It prints no more to standard output than a pipe holds.
    ///   - interrupting: Sends Ctrl-C once this text stands on standard error.
    public func run(_ process: Process, interrupting: String? = nil) throws -> Run {
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        var text = Data()
        while true {
            let data = errors.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += data
            if let interrupting, String(decoding: text, as: UTF8.self).contains(interrupting) {
                process.interrupt()
                break
            }
        }
        text += try errors.fileHandleForReading.readToEnd() ?? Data()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: text, as: UTF8.self)
        )
    }

    /// The path of a file in the folder.
    public func path(_ name: String) -> String { folder.appending(path: name).path() }

    /// Writes a file into the folder.
    public func write(_ text: String, to name: String, permissions: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        try FileManager.default.setAttributes(
            [.posixPermissions: permissions],
            ofItemAtPath: path(name)
        )
    }
}
