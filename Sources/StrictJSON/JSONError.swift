/// Why bytes are not a JSON document this parser accepts, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    public enum Reason: Equatable, Sendable {
        /// There is no value: the input is empty or white space.
        case empty
        /// The input ends inside a value.
        case unexpectedEnd
        /// A byte stands where the grammar allows none; `expected` says what could.
        case unexpectedByte(UInt8, expected: String)
        /// A bare `NaN`, `Infinity` or `-Infinity`, which JSON does not have.
        case nonFiniteLiteral
        /// Something follows the end of the document.
        case trailingBytes
        /// A number starts with a superfluous zero.
        case leadingZero
        /// A string holds a control character that was not escaped.
        case controlCharacter(UInt8)
        /// A backslash is followed by something that is no escape.
        case invalidEscape
        /// A `\u` escape names half of a surrogate pair.
        case loneSurrogate
        /// A string is not well-formed UTF-8.
        case invalidUTF8
        /// The input starts with a byte order mark.
        case byteOrderMark
        /// An object has the same key twice.
        case duplicateKey(String)
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep(limit: Int)
        /// The input is longer than the limit.
        case tooManyBytes(limit: Int)
        /// The input holds more values than the limit.
        case tooManyValues(limit: Int)
    }

    /// The rule that was broken.
    public let reason: Reason
    /// Where, in bytes from the start of the input.
    public let offset: Int
    /// The value being read, such as `observations[0][2]`; empty at the top of the document.
    public let path: String

    /// Makes an error from its parts.
    public init(_ reason: Reason, offset: Int, path: String) {
        self.reason = reason
        self.offset = offset
        self.path = path
    }

    /// One sentence that says what is wrong and where.
    public var description: String {
        path.isEmpty ? "\(reason) at byte \(offset)" : "\(reason) at byte \(offset), in \(path)"
    }
}

extension JSONError.Reason: CustomStringConvertible {
    /// What is wrong, as the start of a sentence.
    public var description: String {
        switch self {
        case .empty: "there is no JSON value"
        case .unexpectedEnd: "the JSON ends too early"
        case .unexpectedByte(let byte, let expected):
            "expected \(expected), found \(Self.name(of: byte))"
        case .nonFiniteLiteral: "NaN and Infinity are not JSON numbers"
        case .trailingBytes: "something follows the end of the JSON value"
        case .leadingZero: "a number must not start with a superfluous 0"
        case .controlCharacter(let byte):
            "a string must not hold the bare control character \(Self.name(of: byte))"
        case .invalidEscape: "a string holds an invalid escape sequence"
        case .loneSurrogate: "a \\u escape names half of a surrogate pair"
        case .invalidUTF8: "the text is not valid UTF-8"
        case .byteOrderMark: "the text must not start with a byte order mark"
        case .duplicateKey(let key): "the key \"\(key)\" appears twice in one object"
        case .tooDeep(let limit): "the JSON is nested deeper than \(limit) levels"
        case .tooManyBytes(let limit): "the JSON is longer than \(limit) bytes"
        case .tooManyValues(let limit): "the JSON holds more than \(limit) values"
        }
    }

    private static func name(of byte: UInt8) -> String {
        if byte > 0x20 && byte < 0x7F {
            return "'\(Character(Unicode.Scalar(byte)))'"
        }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x\(digits.utf8.count < 2 ? "0" : "")\(digits)"
    }
}
