/// The character classes of RFC 9110, RFC 9112 and RFC 3986, as tests on single bytes.
///
/// Bytes are never widened to characters: in Swift CRLF is one `Character`.
package enum HTTPGrammar {
    static let horizontalTab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let percent = UInt8(ascii: "%")
    static let colon = UInt8(ascii: ":")

    /// Tests for a byte of a token, RFC 9110 §5.6.2.
    ///
    ///     token = 1*tchar
    ///     tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`"
    ///           / "|" / "~" / DIGIT / ALPHA
    @inline(__always)
    package static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"),
            UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Tests for a byte that may stand in a field value, RFC 9110 §5.5.
    ///
    ///     field-vchar = VCHAR / obs-text
    ///     field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
    @inline(__always)
    package static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == horizontalTab
    }

    /// Tests for a control character, RFC 5234 §B.1: `CTL = %x00-1F / %x7F`.
    static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F
    }

    /// Tests for optional white space, RFC 9110 §5.6.3: `OWS = *( SP / HTAB )`.
    @inline(__always)
    static func isOptionalSpace(_ byte: UInt8) -> Bool {
        byte == space || byte == horizontalTab
    }

    /// Tests for a byte a request target may hold, RFC 9112 §3.2.
    ///
    /// Visible ASCII without the characters RFC 3986 §2 leaves out and without the fragment sign.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"),
            UInt8(ascii: "|"), UInt8(ascii: "}"):
            false
        default: byte >= 0x21 && byte <= 0x7E
        }
    }

    /// Tests for a byte of a registered name, RFC 3986 §3.2.2, percent sign left to the caller.
    ///
    ///     reg-name   = *( unreserved / pct-encoded / sub-delims )
    ///     unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"
    ///     sub-delims = "!" / "$" / "&" / "'" / "(" / ")" / "*" / "+" / "," / ";" / "="
    ///
    /// The comma is left out: a Host with one may be a list that some other hop joined.
    static func isRegisteredName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// Tests for a decimal digit.
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The byte with an ASCII capital made small.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// Tells whether bytes equal a lower-case ASCII word, capitals ignored.
    static func equals(_ bytes: Span<UInt8>, lowercase word: String) -> Bool {
        guard bytes.count == word.utf8.count else { return false }
        var index = 0
        for letter in word.utf8 {
            guard lowercased(bytes[index]) == letter else { return false }
            index += 1
        }
        return true
    }

    /// Where the bytes lie without optional white space at either end, RFC 9110 §5.5.
    static func trimmedRange(_ bytes: Span<UInt8>) -> Range<Int> {
        var start = 0
        var end = bytes.count
        while start < end, isOptionalSpace(bytes[start]) { start += 1 }
        while end > start, isOptionalSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The text of bytes, nil when they are not ASCII.
    static func text(_ bytes: Span<UInt8>) -> String? {
        guard let valid = try? UTF8Span(validating: bytes), valid.isKnownASCII else { return nil }
        return String(copying: valid)
    }
}
