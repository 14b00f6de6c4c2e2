/// The strings of JSON: checked in one pass, decoded when they are asked for.
///
/// *Reference*: RFC 8259, section 7; RFC 3629, section 4, for well-formed UTF-8.
enum JSONString {
    enum ScanResult {
        /// The offset of the closing quote.
        case success(end: Int, isEscaped: Bool)
        case failure(JSONError.Reason, offset: Int)
    }

    /// Checks a string whose first byte after the quote is at `start`.
    static func scan(_ bytes: Span<UInt8>, from start: Int) -> ScanResult {
        var position = start
        var isEscaped = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                return .success(end: position, isEscaped: isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                switch scanEscape(bytes, from: position) {
                case .success(let end, _): position = end
                case let failure: return failure
                }
            } else if byte < 0x20 {
                return .failure(.controlCharacter(byte), offset: position)
            } else if byte < 0x80 {
                position += 1
            } else {
                let length = sequenceLength(bytes, at: position)
                guard length > 0 else { return .failure(.invalidUTF8, offset: position) }
                position += length
            }
        }
        return .failure(.unexpectedEnd, offset: position)
    }

    /// The bytes of a checked string node, escapes resolved.
    static func decode(_ node: JSONDocument.Node, in bytes: Span<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(Int(node.extent))
        var position = Int(node.offset)
        let end = position + Int(node.extent)
        while position < end {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\\"), position + 1 < end else {
                decoded.append(byte)
                position += 1
                continue
            }
            position += 2
            switch bytes[position - 1] {
            case UInt8(ascii: "b"): decoded.append(0x08)
            case UInt8(ascii: "f"): decoded.append(0x0C)
            case UInt8(ascii: "n"): decoded.append(0x0A)
            case UInt8(ascii: "r"): decoded.append(0x0D)
            case UInt8(ascii: "t"): decoded.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = hexadecimal(bytes, at: position) ?? 0xFFFD
                position += 4
                if scalar >= 0xD800 && scalar < 0xDC00 {
                    let low = hexadecimal(bytes, at: position + 2) ?? 0xDC00
                    scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low & 0x3FF)
                    position += 6
                }
                decoded.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
            case let other: decoded.append(other)
            }
        }
        return decoded
    }

    /// The text of a checked string node.
    static func text(_ node: JSONDocument.Node, in bytes: Span<UInt8>) -> String {
        let start = Int(node.offset)
        if node.kind == .string,
            let text = try? UTF8Span(
                validating: bytes.extracting(start..<start + Int(node.extent))
            )
        {
            return String(copying: text)
        }
        return String(decoding: decode(node, in: bytes), as: UTF8.self)
    }

    /// Whether a checked string node has the bytes of `text`.
    ///
    /// Swift's strings are equal when Unicode calls them equivalent; names in JSON are not.
    static func equals(
        _ node: JSONDocument.Node,
        _ text: String,
        in bytes: Span<UInt8>
    ) -> Bool {
        let utf8 = text.utf8
        guard node.kind == .string else {
            return decode(node, in: bytes).elementsEqual(utf8)
        }
        guard Int(node.extent) == utf8.count else { return false }
        var position = Int(node.offset)
        for byte in utf8 {
            guard bytes[position] == byte else { return false }
            position += 1
        }
        return true
    }

    /// Whether two checked string nodes stand for the same bytes.
    static func areEqual(
        _ first: JSONDocument.Node,
        _ second: JSONDocument.Node,
        in bytes: Span<UInt8>
    ) -> Bool {
        guard first.kind == .string, second.kind == .string else {
            return decode(first, in: bytes) == decode(second, in: bytes)
        }
        guard first.extent == second.extent else { return false }
        for index in 0..<Int(first.extent)
        where bytes[Int(first.offset) + index] != bytes[Int(second.offset) + index] {
            return false
        }
        return true
    }

    private static func scanEscape(_ bytes: Span<UInt8>, from start: Int) -> ScanResult {
        guard start + 1 < bytes.count else {
            return .failure(.unexpectedEnd, offset: bytes.count)
        }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return .success(end: start + 2, isEscaped: true)
        case UInt8(ascii: "u"):
            guard let unit = hexadecimal(bytes, at: start + 2) else {
                return .failure(.invalidEscape, offset: start)
            }
            guard unit >= 0xD800 && unit < 0xE000 else {
                return .success(end: start + 6, isEscaped: true)
            }
            guard unit < 0xDC00, start + 7 < bytes.count, bytes[start + 6] == UInt8(ascii: "\\"),
                bytes[start + 7] == UInt8(ascii: "u"),
                let low = hexadecimal(bytes, at: start + 8), low >= 0xDC00, low < 0xE000
            else { return .failure(.loneSurrogate, offset: start) }
            return .success(end: start + 12, isEscaped: true)
        default:
            return .failure(.invalidEscape, offset: start)
        }
    }

    /// Four hexadecimal digits, or nil.
    private static func hexadecimal(_ bytes: Span<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Length of the well-formed multi-byte sequence at `position`, or 0.
    private static func sequenceLength(_ bytes: Span<UInt8>, at position: Int) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[position] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: length = 3
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else {
            return 0
        }
        for index in position + 2..<position + length where bytes[index] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}
