import FoundationEssentials

/// The variables the process was started with.
public enum ProcessEnvironment {
    private static let variables = ProcessInfo.processInfo.environment

    /// The value of a variable; nil when it is not set.
    public static func value(_ name: String) -> String? { variables[name] }

    /// The names of all variables, sorted.
    public static var names: [String] { variables.keys.sorted() }
}
