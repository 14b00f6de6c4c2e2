import ArgumentParser

/// The settings as flags, made from `Setting.all`, so that a setting has one definition.
///
/// The argument parser finds out what there is by looking at the properties of a type, and fills
/// them by their names. This type has none: it shows a property for each row of the table, and
/// reads each by its name.
struct SettingArguments: ParsableArguments, CustomReflectable {
    /// What was given, by the name of the setting, as it was written.
    private(set) var texts: [String: String] = [:]

    init() {}

    var customMirror: Mirror {
        Mirror(self, children: Setting.all.filter { !$0.isSecret }.map(Self.property))
    }

    private static func property(_ setting: Setting) -> (label: String?, value: Any) {
        let name = NameSpecification.customLong(setting.name)
        let help = ArgumentHelp(
            stringLiteral: setting.help + defaultText(setting)
        )
        if setting.kind == .toggle {
            return (setting.key, Flag<Bool?>(name: name, inversion: .prefixedNo, help: help))
        }
        var valueHelp = help
        valueHelp.valueName = setting.valueName
        return (setting.key, Option<String?>(wrappedValue: nil, name: name, help: valueHelp))
    }

    private static func defaultText(_ setting: Setting) -> String {
        switch setting.read(ServerSettings()) {
        case .text(let text): " (default: \(text))"
        case .integer(let number): " (default: \(number))"
        case .toggle, .unusable, nil: ""
        }
    }

    /// The name of a setting's property.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for setting in Setting.all where !setting.isSecret {
            let key = Key(stringValue: setting.key)
            if setting.kind == .toggle {
                let flag = try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue
                if let flag { texts[setting.name] = String(flag) }
                continue
            }
            let option = try container.decode(Option<String?>.self, forKey: key).wrappedValue
            if let option { texts[setting.name] = option }
        }
    }
}
