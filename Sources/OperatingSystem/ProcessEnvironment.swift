/// The variables the process was started with.
public enum ProcessEnvironment {
    // Read as text: Foundation, which would tell as well, costs megabytes of memory.
    private static let variables: [String: String] = {
        let bytes = (try? SmallFile.read("/proc/self/environ", limitBytes: 16 << 20).bytes) ?? []
        let pairs = bytes.split(separator: 0).map { entry in
            let name = entry.prefix { $0 != UInt8(ascii: "=") }
            let value = entry.dropFirst(name.count + 1)
            return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        return Dictionary(pairs) { first, _ in first }
    }()

    /// The value of a variable; nil when it is not set.
    public static func value(_ name: String) -> String? { variables[name] }

    /// The names of all variables, sorted.
    public static var names: [String] { variables.keys.sorted() }
}
