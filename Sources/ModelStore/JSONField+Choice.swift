import StrictJSON

extension JSONField {
    /// The case that this string names.
    func oneOf<Choice: RawRepresentable<String> & CaseIterable>() throws(JSONFieldError) -> Choice {
        guard let name = value.string, let choice = Choice(rawValue: name) else {
            let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
            throw mismatch(names.joined(separator: " or "))
        }
        return choice
    }
}
