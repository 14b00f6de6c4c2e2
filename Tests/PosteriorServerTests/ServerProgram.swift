import Foundation
import TestSupport

/// The server as built.
final class ServerProgram: BuiltProgram {
    init() throws { try super.init("posterior-server") }

    /// The root of the package.
    static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The models that are shipped.
    static var models: String { package.appending(path: "models").path() }

    /// The program, not yet started.
    ///
    /// - Parameters:
    ///   - arguments: The command line.
    ///   - variables: What the environment says of settings; nothing of the tests' own does.
    func process(_ arguments: [String], variables: [String: String] = [:]) -> Process {
        let others = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("POSTERIOR_SERVER_") }
        return process(arguments, environment: others.merging(variables) { $1 })
    }

    /// Runs the program to its end.
    func run(_ arguments: [String], variables: [String: String] = [:]) throws -> Run {
        try run(process(arguments, variables: variables))
    }
}
