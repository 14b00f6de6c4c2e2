import ArgumentParser
import Simulators

extension BenchmarkTask {
    /// The task a flag names.
    ///
    /// - Throws: `ValidationError` listing the tasks there are.
    static func named(byFlag name: String) throws -> BenchmarkTask {
        guard let task = BenchmarkTasks.named(name) else {
            let names = BenchmarkTasks.all.map(\.name).joined(separator: ", ")
            throw ValidationError("--task \(name): there is no such task; there are \(names)")
        }
        return task
    }
}

/// Throws unless a flag's value is in its range.
func require(
    _ holds: Bool,
    _ flag: String,
    _ value: some Any,
    expected: String
) throws {
    guard holds else { throw ValidationError("\(flag) \(value): expected \(expected)") }
}
