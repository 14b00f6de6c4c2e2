import HTTPTypes

/// Which media types a client takes, RFC 9110 §12.5.1.
struct AcceptedTypes {
    private struct Range {
        var type: Substring
        var subtype: Substring
        /// In thousandths.
        var quality: Int

        /// How exactly it names a type; nil when it does not include it.
        func precision(for type: Substring, _ subtype: Substring) -> Int? {
            if self.type == "*", self.subtype == "*" { return 0 }
            guard self.type == type else { return nil }
            if self.subtype == "*" { return 1 }
            return self.subtype == subtype ? 2 : nil
        }
    }

    /// The most members that are read.
    private static let limit = 32

    private let ranges: [Range]?

    /// Reads `Accept`; a member that cannot be read is ignored.
    init(_ request: HTTPRequest) {
        var fields: [String] = []
        for field in request.headerFields where field.name == .accept { fields.append(field.value) }
        guard !fields.isEmpty else {
            ranges = nil
            return
        }
        let members = fields.joined(separator: ",").lowercased().split(separator: ",")
        let ranges = members.prefix(Self.limit).compactMap(Self.range)
        self.ranges = ranges.isEmpty ? nil : ranges
    }

    private static func range(_ member: Substring) -> Range? {
        var parts = member.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        let names = parts.removeFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        var quality = 1000
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0] == "q" else { continue }
            guard let value = Self.quality(pair[1]) else { return nil }
            quality = value
        }
        return Range(type: names[0], subtype: names[1], quality: quality)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// A weight in thousandths, RFC 9110 §12.4.2.
    private static func quality(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard let whole = bytes.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"),
            bytes.count <= 5, bytes.count == 1 || bytes[1] == UInt8(ascii: ".")
        else { return nil }
        var value = whole == UInt8(ascii: "1") ? 1000 : 0
        var unit = 100
        for byte in bytes.dropFirst(2) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value += Int(byte - 0x30) * unit
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }

    /// How much a type is wanted, in thousandths; 0 when it is not taken.
    func quality(of type: String) -> Int {
        guard let ranges else { return 1000 }
        let names = type.split(separator: "/")
        guard names.count == 2 else { return 0 }
        var best = (precision: -1, quality: 0)
        for range in ranges {
            guard let precision = range.precision(for: names[0], names[1]) else { continue }
            if precision > best.precision { best = (precision, range.quality) }
        }
        return best.quality
    }

    /// The type that is wanted most, the first of those wanted as much.
    ///
    /// - Throws: `APIError` when none is taken.
    func choose(_ types: [String]) throws(APIError) -> String {
        var chosen: (type: String, quality: Int)?
        for type in types {
            let quality = quality(of: type)
            if quality > chosen?.quality ?? 0 { chosen = (type, quality) }
        }
        guard let chosen else { throw .notAcceptable(types: types) }
        return chosen.type
    }
}
