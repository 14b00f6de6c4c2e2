import OperatingSystem
import StrictJSON

/// The settings in force and where each came from.
///
/// A flag comes before the environment, the environment before the file, and the file before the
/// default.
struct EffectiveSettings: Sendable {
    /// Where a value came from.
    enum Source: String, Sendable {
        case flag
        case environment
        case file
        case standard = "default"
    }

    /// The largest configuration file that is read.
    private static let fileLimitBytes = 1 << 20

    private(set) var settings = ServerSettings()
    private(set) var sources: [String: Source] = [:]
    /// What looks like a mistake but is none for certain.
    private(set) var warnings: [String] = []

    /// Gathers the settings.
    ///
    /// - Parameters:
    ///   - file: The path of the configuration file, if there is one.
    ///   - flags: What the command line says.
    /// - Throws: `SettingError` that names the setting, where it stands and what was expected.
    init(file: String?, flags: SettingArguments) throws(SettingError) {
        if let file { try apply(file: file) }
        try applyEnvironment()
        for setting in Setting.all {
            guard let text = flags.texts[setting.name] else { continue }
            let value = try setting.value(reading: text, from: setting.flag)
            try assign(setting, value, from: .flag, at: setting.flag)
        }
    }

    private mutating func applyEnvironment() throws(SettingError) {
        for setting in Setting.all {
            guard let text = ProcessEnvironment.value(setting.variable), !text.isEmpty else {
                continue
            }
            guard !Self.isServiceLink(text) else {
                warnings.append(
                    "\(setting.variable) is ignored: Kubernetes sets it for a Service of this name"
                        + "; enableServiceLinks: false turns that off"
                )
                continue
            }
            let value = try setting.value(reading: text, from: setting.variable)
            try assign(setting, value, from: .environment, at: setting.variable)
        }
        let known = Set(Setting.all.map(\.variable) + [ConfigurationFile.variable])
        for name in ProcessEnvironment.names
        where name.hasPrefix("POSTERIOR_SERVER_") && !known.contains(name) {
            guard let text = ProcessEnvironment.value(name), !Self.isServiceVariable(name, text)
            else { continue }
            warnings.append("\(name) is no setting of this server and ignored")
        }
    }

    private static func isServiceLink(_ text: String) -> Bool {
        text.hasPrefix("tcp://") || text.hasPrefix("udp://")
    }

    /// Whether a variable is one that Kubernetes sets in every pod of a Service's namespace.
    private static func isServiceVariable(_ name: String, _ text: String) -> Bool {
        isServiceLink(text) || name.contains("_SERVICE_") || name.contains("_PORT_")
    }

    private mutating func apply(file: String) throws(SettingError) {
        let contents: SmallFile.Contents
        do throws(SmallFile.Failure) {
            contents = try SmallFile.read(file, limitBytes: Self.fileLimitBytes)
        } catch {
            throw SettingError("The configuration file \(file) \(error).")
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: contents.bytes)
        } catch {
            throw SettingError("\(file) is not valid JSON: \(error).")
        }
        do throws(JSONFieldError) {
            try apply(JSONField(document.root, path: "").object())
        } catch {
            throw SettingError("\(file): \(error).")
        }
    }

    private mutating func apply(_ fields: JSONFields) throws(JSONFieldError) {
        try fields.refuseOthers(than: Setting.all.map(\.key))
        for setting in Setting.all {
            guard let field = fields.optional(setting.key) else { continue }
            let expectation = setting.assign(&settings, Setting.Value(field.value))
            if let expectation { throw field.mismatch(expectation.text) }
            sources[setting.name] = .file
        }
    }

    private mutating func assign(
        _ setting: Setting,
        _ value: Setting.Value,
        from source: Source,
        at place: String
    ) throws(SettingError) {
        if let expectation = setting.assign(&settings, value) {
            let found = setting.isSecret ? "something else" : "\(value)"
            throw SettingError("\(place): expected \(expectation.text), found \(found).")
        }
        sources[setting.name] = source
    }

    /// Each setting with its value, masked where it is secret, and where it came from.
    var rows: [(setting: Setting, value: Setting.Value?, source: Source)] {
        Setting.all.map { setting in
            let value = setting.read(settings)
            let isMasked = setting.isSecret && value != nil
            return (
                setting, isMasked ? .text("(secret)") : value, sources[setting.name] ?? .standard
            )
        }
    }

    /// The settings as a configuration file, secrets masked.
    var json: String {
        var lines: [String] = []
        for row in rows {
            var writer = JSONWriter()
            switch row.value {
            case .text(let text): writer.string(text)
            case .integer(let number): writer.integer(number)
            case .toggle(let isOn): writer.boolean(isOn)
            case .unusable, nil: writer.null()
            }
            let value = String(decoding: writer.finish(), as: UTF8.self)
            lines.append("  \"\(row.setting.key)\": \(value)")
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }
}

/// What is wrong with a setting, in words for the person who set it.
struct SettingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The file that settings may stand in.
enum ConfigurationFile {
    /// Names the file where no flag does.
    static let variable = "POSTERIOR_SERVER_CONFIG"
}

extension Setting {
    /// Reads the text of a flag or a variable.
    ///
    /// - Throws: `SettingError` when a number or a yes or no was expected and something else came.
    func value(reading text: String, from place: String) throws(SettingError) -> Value {
        switch kind {
        case .text: return .text(text)
        case .integer:
            // Not what Int reads beyond digits: a plus, or nothing.
            let digits = text.utf8.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(text)
            else {
                throw SettingError("\(place): expected an integer, found \(text.debugDescription).")
            }
            return .integer(number)
        case .toggle:
            switch text {
            case "true": return .toggle(true)
            case "false": return .toggle(false)
            default:
                throw SettingError(
                    "\(place): expected true or false, found \(text.debugDescription)."
                )
            }
        }
    }
}

extension Setting.Value: CustomStringConvertible {
    /// The value of a field.
    init(_ value: JSONValue) {
        if let isOn = value.boolean {
            self = .toggle(isOn)
        } else if let text = value.string {
            self = .text(text)
        } else if let number: Int = value.integer() {
            self = .integer(number)
        } else {
            self = .unusable
        }
    }

    /// The value as a person writes it.
    var description: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .toggle(let isOn): String(isOn)
        case .unusable: "something else"
        }
    }
}
