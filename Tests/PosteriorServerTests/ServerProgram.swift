import Foundation

/// The program as built, run in a folder of its own that is removed afterwards.
final class ServerProgram {
    /// The folder, where the program runs.
    let folder: URL

    init() throws {
        folder = URL(filePath: NSTemporaryDirectory())
            .appending(path: "posterior-server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What a run left behind.
    struct Run: CustomStringConvertible {
        var status: Int32
        var output: String
        var errors: String
        var description: String { "exit \(status)\n\(output)\(errors)" }
    }

    /// The root of the package.
    static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The models that are shipped.
    static var models: String { package.appending(path: "models").path() }

    /// The program beside the tests.
    private static var executable: URL {
        let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
        let folder =
            tests.bundlePath.hasSuffix(".xctest")
            ? tests.bundleURL.deletingLastPathComponent() : tests.bundleURL
        return folder.appending(path: "posterior-server")
    }

    /// The program, not yet started.
    ///
    /// - Parameters:
    ///   - arguments: The command line.
    ///   - variables: What the environment says of settings; nothing of the tests' own does.
    func process(_ arguments: [String], variables: [String: String] = [:]) -> Process {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("POSTERIOR_SERVER_") }
            .merging(variables) { $1 }
        return process
    }

    /// Runs the program to its end.
    func run(_ arguments: [String], variables: [String: String] = [:]) throws -> Run {
        let process = process(arguments, variables: variables)
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Neither is longer than a pipe holds.
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: text, as: UTF8.self)
        )
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { folder.appending(path: name).path() }

    /// Writes a file into the folder.
    func write(_ text: String, to name: String, permissions: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        try FileManager.default.setAttributes(
            [.posixPermissions: permissions],
            ofItemAtPath: path(name)
        )
    }
}
