/// One thing that can be set: its names, its help, and how a value finds its way to its property.
struct Setting: Sendable {
    /// How a value is written.
    enum Kind: Sendable {
        /// Any text.
        case text
        /// A whole number.
        case integer
        /// Yes or no: `--name` and `--no-name`, `true` and `false`.
        case toggle
    }

    /// A value as it was written or is shown.
    enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int)
        case toggle(Bool)
        /// What no setting can be: a list, an object, a fraction.
        case unusable
    }

    /// The words of its name, joined by dashes.
    let name: String
    let kind: Kind
    /// What stands for its value in the help.
    let valueName: String
    let help: String
    /// Whether its value is masked wherever settings are shown; such a setting has no flag, since
    /// command lines are there for everybody to see.
    let isSecret: Bool
    /// Sets it, or says what was expected.
    let assign: @Sendable (inout ServerSettings, Value) -> Expectation?
    /// What it is; nil when it is not set and has no default.
    let read: @Sendable (ServerSettings) -> Value?

    /// What should have been there in the place of a value.
    struct Expectation: Sendable {
        let text: String
    }

    /// The command-line flag.
    var flag: String { "--\(name)" }

    /// The environment variable.
    var variable: String {
        "POSTERIOR_SERVER_" + name.uppercased().replacing("-", with: "_")
    }

    /// The key in the configuration file.
    var key: String { name.replacing("-", with: "_") }
}

// MARK: Rows

extension Setting {
    /// A property of the settings.
    typealias Property<Value> = any WritableKeyPath<ServerSettings, Value> & Sendable

    /// A setting that any text will do for, or one of `choices`.
    static func text(
        _ name: String,
        _ path: Property<String>,
        oneOf choices: [String] = [],
        value valueName: String,
        _ help: String
    ) -> Setting {
        Setting(
            name: name,
            kind: .text,
            valueName: valueName,
            help: help,
            isSecret: false,
            assign: { settings, value in
                guard case .text(let text) = value, !text.isEmpty else {
                    return Expectation(text: "a text")
                }
                guard choices.isEmpty || choices.contains(text) else {
                    return Expectation(text: choices.joined(separator: ", ") + " or nothing")
                }
                settings[keyPath: path] = text
                return nil
            },
            read: { .text($0[keyPath: path]) }
        )
    }

    /// A setting that may be left out.
    static func text(
        _ name: String,
        _ path: Property<String?>,
        isSecret: Bool = false,
        value valueName: String,
        _ help: String
    ) -> Setting {
        Setting(
            name: name,
            kind: .text,
            valueName: valueName,
            help: help,
            isSecret: isSecret,
            assign: { settings, value in
                guard case .text(let text) = value, !text.isEmpty else {
                    return Expectation(text: "a text")
                }
                settings[keyPath: path] = text
                return nil
            },
            read: { $0[keyPath: path].map(Value.text) }
        )
    }

    /// A whole number within bounds.
    static func integer(
        _ name: String,
        _ path: Property<Int>,
        in range: ClosedRange<Int>,
        value valueName: String,
        _ help: String
    ) -> Setting {
        integer(name, in: range, value: valueName, help) {
            $0[keyPath: path] = $1
        } read: {
            $0[keyPath: path]
        }
    }

    /// A whole number within bounds that may be left out.
    static func integer(
        _ name: String,
        _ path: Property<Int?>,
        in range: ClosedRange<Int>,
        value valueName: String,
        _ help: String
    ) -> Setting {
        integer(name, in: range, value: valueName, help) {
            $0[keyPath: path] = $1
        } read: {
            $0[keyPath: path]
        }
    }

    private static func integer(
        _ name: String,
        in range: ClosedRange<Int>,
        value valueName: String,
        _ help: String,
        assign: @escaping @Sendable (inout ServerSettings, Int) -> Void,
        read: @escaping @Sendable (ServerSettings) -> Int?
    ) -> Setting {
        Setting(
            name: name,
            kind: .integer,
            valueName: valueName,
            help: help,
            isSecret: false,
            assign: { settings, value in
                guard case .integer(let number) = value, range.contains(number) else {
                    return Expectation(
                        text: "an integer from \(range.lowerBound) to \(range.upperBound)"
                    )
                }
                assign(&settings, number)
                return nil
            },
            read: { read($0).map(Value.integer) }
        )
    }

    /// Yes or no.
    static func toggle(
        _ name: String,
        _ path: Property<Bool>,
        _ help: String
    ) -> Setting {
        Setting(
            name: name,
            kind: .toggle,
            valueName: "",
            help: help,
            isSecret: false,
            assign: { settings, value in
                guard case .toggle(let isOn) = value else {
                    return Expectation(text: "true or false")
                }
                settings[keyPath: path] = isOn
                return nil
            },
            read: { .toggle($0[keyPath: path]) }
        )
    }
}
