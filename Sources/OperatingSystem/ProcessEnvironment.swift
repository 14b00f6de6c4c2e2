@unsafe @preconcurrency import Glibc

/// The variables the process was started with.
public enum ProcessEnvironment {
    /// The value of a variable; nil when it is not set.
    public static func value(_ name: String) -> String? {
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe String(cString: text)
    }

    /// The names of all variables, sorted.
    public static var names: [String] {
        var names: [String] = []
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let line = unsafe String(cString: text)
            names.append(String(line.prefix { $0 != "=" }))
            unsafe entry += 1
        }
        return names.sorted()
    }
}
