import StrictJSON
import Testing

/// A text and why it must be refused.
struct RefusedText: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let reason: JSONError.Reason
    let offset: Int
    let path: String

    init(_ text: String, _ reason: JSONError.Reason, at offset: Int, in path: String = "") {
        self.init(bytes: Array(text.utf8), reason, at: offset, in: path)
    }

    init(bytes: [UInt8], _ reason: JSONError.Reason, at offset: Int, in path: String = "") {
        self.bytes = bytes
        self.reason = reason
        self.offset = offset
        self.path = path
    }

    var testDescription: String { String(decoding: bytes, as: UTF8.self) }

    static func unexpected(_ character: Unicode.Scalar, _ expected: String) -> JSONError.Reason {
        .unexpectedByte(UInt8(ascii: character), expected: expected)
    }
}

@Suite struct JSONConformanceTests {
    static let accepted = [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "0.0", "1.5", "-1.5e3", "1E5",
        "1e+05", "1e-05", "0e0", "1e400", "-1e-400", "123456789012345678901234567890", "\"\"",
        "\"a\"", "\"é\"", "\"\u{10FFFF}\"", "\"\u{7F}\"", #""\"\\\/\b\f\n\r\t""#, #""\u0041""#,
        #""\u0000""#, #""\uD834\uDD1E""#, #""\ud834\udd1e""#, #""\uDBFF\uDFFF""#, "[]", "[ ]",
        "{}", "{ }", "[[]]", "[1]", "[1,2]", "[ 1 , 2 ]", "[1,null]", "[1,[2]]", "[1,\"2\",3]",
        "[{}]", "[[1],[2,3]]", "{\"a\":1}", "{\"\":0}", "{\"a\":{\"a\":1}}",
        "{\"é\":1,\"e\u{301}\":2}", " \t\r\n1 \t\r\n", "{\"a\" : [ ] , \"b\" : { } }",
        "[true,false,null]", "[-0]", "[1.0e0]",
    ]

    @Test(arguments: accepted)
    func `valid texts are accepted`(text: String) throws {
        _ = try JSONDocument(parsing: Array(text.utf8))
    }

    @Test(arguments: accepted)
    func `every proper prefix that ends inside the value is refused`(text: String) {
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count {
            let prefix = Array(bytes[..<length])
            guard let parsed = try? JSONDocument(parsing: prefix) else { continue }
            // Only white space or the rest of a number may follow a complete value.
            #expect(
                parsed.root.kind == .number || bytes[length...].allSatisfy { $0 <= 0x20 },
                "\(text) cut to \(length) bytes"
            )
        }
    }

    static let refused: [RefusedText] = [
        RefusedText("", .empty, at: 0),
        RefusedText(" \n", .empty, at: 2),
        RefusedText("nul", .unexpectedEnd, at: 3),
        RefusedText("nulx", RefusedText.unexpected("x", "\"null\""), at: 3),
        RefusedText("True", RefusedText.unexpected("T", "a value"), at: 0),
        RefusedText("nullnull", .trailingBytes, at: 4),
        RefusedText("1 2", .trailingBytes, at: 2),
        RefusedText("[1]]", .trailingBytes, at: 3),
        RefusedText("{} // x", .trailingBytes, at: 3),
        RefusedText("/* x */ 1", RefusedText.unexpected("/", "a value"), at: 0),
        RefusedText("'a'", RefusedText.unexpected("'", "a value"), at: 0),
        RefusedText("NaN", .nonFiniteLiteral, at: 0),
        RefusedText("[0,NaN]", .nonFiniteLiteral, at: 3, in: "[1]"),
        RefusedText("[Infinity]", .nonFiniteLiteral, at: 1, in: "[0]"),
        RefusedText("[1,-Infinity]", .nonFiniteLiteral, at: 3, in: "[1]"),
        RefusedText("01", .leadingZero, at: 0),
        RefusedText("-01", .leadingZero, at: 0),
        RefusedText("[1,00]", .leadingZero, at: 3, in: "[1]"),
        RefusedText("+1", RefusedText.unexpected("+", "a value"), at: 0),
        RefusedText(".5", RefusedText.unexpected(".", "a value"), at: 0),
        RefusedText("-", .unexpectedEnd, at: 1),
        RefusedText("-a", RefusedText.unexpected("a", "a digit"), at: 1),
        RefusedText("1.", .unexpectedEnd, at: 2),
        RefusedText("1.e1", RefusedText.unexpected("e", "a digit"), at: 2),
        RefusedText("1e", .unexpectedEnd, at: 2),
        RefusedText("1e+", .unexpectedEnd, at: 3),
        RefusedText("1e1.5", .trailingBytes, at: 3),
        RefusedText("0x10", .trailingBytes, at: 1),
        RefusedText("1_000", .trailingBytes, at: 1),
        RefusedText("[1", .unexpectedEnd, at: 2),
        RefusedText("[1,", .unexpectedEnd, at: 3, in: "[1]"),
        RefusedText("[1,]", RefusedText.unexpected("]", "a value"), at: 3, in: "[1]"),
        RefusedText("[,1]", RefusedText.unexpected(",", "a value"), at: 1, in: "[0]"),
        RefusedText("[1 2]", RefusedText.unexpected("2", "',' or ']'"), at: 3),
        RefusedText("[1}", RefusedText.unexpected("}", "',' or ']'"), at: 2),
        RefusedText("[\"a\"", .unexpectedEnd, at: 4),
        RefusedText("[", .unexpectedEnd, at: 1, in: "[0]"),
        RefusedText("{", .unexpectedEnd, at: 1),
        RefusedText("{\"a\"", .unexpectedEnd, at: 4),
        RefusedText("{\"a\":", .unexpectedEnd, at: 5, in: "a"),
        RefusedText("{\"a\":1", .unexpectedEnd, at: 6),
        RefusedText("{\"a\":1,}", RefusedText.unexpected("}", "a key in quotes"), at: 7),
        RefusedText("{\"a\" 1}", RefusedText.unexpected("1", "':'"), at: 5),
        RefusedText("{\"a\":1 \"b\":2}", RefusedText.unexpected("\"", "',' or '}'"), at: 7),
        RefusedText("{a:1}", RefusedText.unexpected("a", "a key in quotes"), at: 1),
        RefusedText("{1:1}", RefusedText.unexpected("1", "a key in quotes"), at: 1),
        RefusedText("{\"a\":1,\"a\":2}", .duplicateKey("a"), at: 7),
        RefusedText("{\"a\":1,\"\\u0061\":2}", .duplicateKey("a"), at: 7),
        RefusedText("{\"b\":{\"a\":1,\"a\":2}}", .duplicateKey("a"), at: 12, in: "b"),
        RefusedText("\"a", .unexpectedEnd, at: 2),
        RefusedText("\"\n\"", .controlCharacter(0x0A), at: 1),
        RefusedText("\"\t\"", .controlCharacter(0x09), at: 1),
        RefusedText("\"a\u{0}\"", .controlCharacter(0), at: 2),
        RefusedText(#""\x""#, .invalidEscape, at: 1),
        RefusedText(#""\u12""#, .invalidEscape, at: 1),
        RefusedText(#""\u12G4""#, .invalidEscape, at: 1),
        RefusedText(#""\"#, .unexpectedEnd, at: 2),
        RefusedText(#""\uD800""#, .loneSurrogate, at: 1),
        RefusedText(#""\uDC00""#, .loneSurrogate, at: 1),
        RefusedText(#""\uD800\u0041""#, .loneSurrogate, at: 1),
        RefusedText(#""\uD800\uD800""#, .loneSurrogate, at: 1),
        RefusedText(#""\uD800x""#, .loneSurrogate, at: 1),
        RefusedText("\u{FEFF}1", .byteOrderMark, at: 0),
        RefusedText("\u{A0}1", .unexpectedByte(0xC2, expected: "a value"), at: 0),
        RefusedText(bytes: [0x22, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xC0, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xC1, 0xBF, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xC3, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xC3, 0x28, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xE0, 0x80, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xE2, 0x82, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xED, 0xA0, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xFF, 0x22], .invalidUTF8, at: 1),
        RefusedText(bytes: [0x22, 0xF0, 0x9F], .invalidUTF8, at: 1),
        RefusedText(bytes: [0xFF], .unexpectedByte(0xFF, expected: "a value"), at: 0),
        RefusedText(
            bytes: [0x5B, 0x00, 0x5D],
            .unexpectedByte(0, expected: "a value"),
            at: 1,
            in: "[0]"
        ),
        RefusedText(
            "{\"x\":[[1],[2,\"a\",tru]]}",
            RefusedText.unexpected("]", "\"true\""),
            at: 20,
            in: "x[1][2]"
        ),
    ]

    @Test(arguments: refused)
    func `invalid texts are refused with rule, byte and path`(text: RefusedText) {
        #expect(throws: JSONError(text.reason, offset: text.offset, path: text.path)) {
            try JSONDocument(parsing: text.bytes)
        }
    }

    @Test(arguments: ["[", "{\"a\":"])
    func `nesting stops at the limit and says so`(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func text(_ depth: Int) -> [UInt8] {
            let inner = opening == "[" ? "" : "1"
            return Array(
                (String(repeating: opening, count: depth) + inner
                    + String(repeating: closing, count: depth)).utf8
            )
        }
        _ = try JSONDocument(parsing: text(64))
        for depth in [65, 10_000] {
            let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: text(depth)) }
            #expect(error?.reason == .tooDeep(limit: 64))
            #expect(error?.offset == 64 * opening.utf8.count)
        }
    }

    @Test func `length and number of values are bounded`() {
        let text = Array("[1,2,[3]]".utf8)
        #expect(throws: Never.self) {
            try JSONDocument(parsing: text, limits: JSONLimits(bytes: 9, values: 5))
        }
        let long = #expect(throws: JSONError.self) {
            try JSONDocument(parsing: text, limits: JSONLimits(bytes: 8))
        }
        #expect(long?.reason == .tooManyBytes(limit: 8))
        let many = #expect(throws: JSONError.self) {
            try JSONDocument(parsing: text, limits: JSONLimits(values: 4))
        }
        #expect(many?.reason == .tooManyValues(limit: 4))
    }
}
