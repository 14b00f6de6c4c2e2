/// What is wrong with one field of a well-formed document.
public enum JSONFieldError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The field is not there.
    case missing(path: String, expected: String)
    /// The field is none of those the object may have.
    case unknown(path: String, suggestion: String?)
    /// The field holds something else than what belongs there.
    case mismatch(path: String, expected: String, found: String)

    /// The field, such as `observations[0][2]`; empty for the whole document.
    public var path: String {
        switch self {
        case .missing(let path, _), .unknown(let path, _), .mismatch(let path, _, _): path
        }
    }

    /// One sentence: the field, what was expected and what came.
    public var description: String {
        switch self {
        case .missing(let path, let expected): "\(path) is missing: expected \(expected)"
        case .unknown(let path, nil): "\(path) is not a known field"
        case .unknown(let path, .some(let suggestion)):
            "\(path) is not a known field; did you mean \(suggestion)?"
        case .mismatch(let path, let expected, let found):
            "\(path.isEmpty ? "the document" : path): expected \(expected), found \(found)"
        }
    }
}

extension JSONValue {
    /// What this value is, for the end of an error message.
    public var summary: String {
        switch kind {
        case .null: "null"
        case .boolean: excerpt
        case .number: "the number \(excerpt)"
        case .string: "the string \(excerpt)"
        case .array where count == 0: "an empty list"
        case .array: "a list of \(count)"
        case .object: "an object"
        }
    }
}

/// A value and the path that names it in an error message.
public struct JSONField: Sendable {
    /// The value.
    public let value: JSONValue
    /// Where it stands in its document, such as `training.seed`; empty for the whole.
    public let path: String

    /// Names a value.
    public init(_ value: JSONValue, path: String) {
        self.value = value
        self.path = path
    }

    /// The error that this field holds something else than `expected`.
    public func mismatch(_ expected: String) -> JSONFieldError {
        .mismatch(path: path, expected: expected, found: value.summary)
    }

    /// The value of a boolean.
    public func boolean() throws(JSONFieldError) -> Bool {
        guard let boolean = value.boolean else { throw mismatch("true or false") }
        return boolean
    }

    /// The value of a string.
    public func string() throws(JSONFieldError) -> String {
        guard let string = value.string else { throw mismatch("a string") }
        return string
    }

    /// A finite number.
    public func double() throws(JSONFieldError) -> Double {
        guard let number = value.double else { throw mismatch("a number") }
        guard number.isFinite else { throw mismatch("a number within the range of float64") }
        return number
    }

    /// A whole number within bounds.
    public func integer<Integer: FixedWidthInteger>(
        in range: ClosedRange<Integer>
    ) throws(JSONFieldError) -> Integer {
        guard let integer: Integer = value.integer(), range.contains(integer) else {
            throw mismatch("an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// The elements of an array, each with its path.
    public func elements() throws(JSONFieldError) -> [JSONField] {
        guard value.kind == .array else { throw mismatch("a list") }
        return value.elements.enumerated().map { JSONField($1, path: "\(path)[\($0)]") }
    }

    /// The elements of an array of finite numbers.
    public func doubles() throws(JSONFieldError) -> [Double] {
        guard value.kind == .array else { throw mismatch("a list of numbers") }
        do throws(JSONValue.NumberProblem) {
            return try value.doubles()
        } catch {
            throw JSONField(error.value, path: "\(path)[\(error.index)]").mismatch(
                "a number within the range of float64"
            )
        }
    }

    /// The elements of an array of strings.
    public func strings() throws(JSONFieldError) -> [String] {
        var strings: [String] = []
        for element in try elements() {
            strings.append(try element.string())
        }
        return strings
    }

    /// The elements of an array of whole numbers within bounds.
    public func integers(in range: ClosedRange<Int>) throws(JSONFieldError) -> [Int] {
        var integers: [Int] = []
        for element in try elements() {
            integers.append(try element.integer(in: range))
        }
        return integers
    }

    /// The fields of an object.
    public func object() throws(JSONFieldError) -> JSONFields {
        guard value.kind == .object else { throw mismatch("an object") }
        return JSONFields(value, path: path)
    }
}

/// The fields of an object, with paths that name them in error messages.
public struct JSONFields: Sendable {
    /// Where the object stands in its document; empty for the whole.
    public let path: String
    private let value: JSONValue

    init(_ value: JSONValue, path: String) {
        self.path = path
        self.value = value
    }

    /// A field that may be left out; `null` counts as left out.
    public func optional(_ name: String) -> JSONField? {
        guard let member = value.member(name), member.kind != .null else { return nil }
        return JSONField(member, path: join(name))
    }

    /// A field that must be there.
    public func required(_ name: String, expected: String) throws(JSONFieldError) -> JSONField {
        guard let field = optional(name) else {
            throw .missing(path: join(name), expected: expected)
        }
        return field
    }

    /// Refuses an object with a field that is none of `names`.
    public func refuseOthers(than names: [String]) throws(JSONFieldError) {
        guard let name = value.nameOfMember(otherThan: names) else { return }
        throw .unknown(
            path: join(String(name.prefix(64))),
            suggestion: Self.nearest(to: name, among: names)
        )
    }

    private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The name at most two edits away, or a third of its length for long names.
    private static func nearest(to name: String, among names: [String]) -> String? {
        let letters = Array(name.utf8.prefix(65))
        guard letters.count <= 64 else { return nil }
        let ranked = names.map { ($0, editDistance(letters, Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(2, best.0.utf8.count / 3) ? best.0 : nil
    }

    private static func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (i, a) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in second.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
            }
        }
        return row[second.count]
    }
}
