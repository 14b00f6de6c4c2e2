/// Which content coding an answer may have, by what its client accepts.
///
/// *Reference*: RFC 9110 §12.5.3, §12.4.2.
public enum AcceptEncoding: Sendable, Hashable {
    /// As it is.
    case identity
    /// Compressed where that is worth it.
    case gzip
    /// Compressed whatever its size, since the client takes it in no other way.
    case gzipOnly
    /// There is none that the client would take.
    case none

    /// Members of the list beyond this many are not read.
    private static let memberCount = 32

    /// Decides by the values of all `Accept-Encoding` lines of a request.
    ///
    /// *Edge cases*: a member that is not `coding [ ";" "q=" weight ]` counts for nothing; of two
    /// that name the same coding the first one counts; `x-gzip` is another name of `gzip`.
    public init(_ values: [String]) {
        var gzip: Int?
        var identity: Int?
        var others: Int?
        var count = 0
        for value in values {
            for member in value.utf8.split(separator: UInt8(ascii: ",")) {
                count += 1
                guard count <= Self.memberCount else { break }
                guard let (coding, weight) = Self.member(member) else { continue }
                switch coding {
                case "gzip", "x-gzip": gzip = gzip ?? weight
                case "identity": identity = identity ?? weight
                case "*": others = others ?? weight
                default: continue
                }
            }
        }
        let gzipWeight = gzip ?? others ?? 0
        let takesIdentity = (identity ?? others) != 0
        if gzipWeight == 0 {
            self = takesIdentity ? .identity : .none
        } else if !takesIdentity {
            self = .gzipOnly
        } else {
            self = gzipWeight >= identity ?? 0 ? .gzip : .identity
        }
    }

    /// The coding, in small letters, and its weight in thousandths.
    private static func member(_ text: Substring.UTF8View) -> (coding: String, weight: Int)? {
        let parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        let coding = trimmed(parts[0])
        guard !coding.isEmpty else { return nil }
        let name = String(decoding: coding, as: UTF8.self).lowercased()
        guard parts.count == 2 else { return (name, 1_000) }
        let weight = Array(trimmed(parts[1]))
        guard weight.count > 2, weight[0] | 0x20 == UInt8(ascii: "q"),
            weight[1] == UInt8(ascii: "="),
            let thousandths = thousandths(weight[2...])
        else { return nil }
        return (name, thousandths)
    }

    /// `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`, RFC 9110 §12.4.2.
    private static func thousandths(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.count <= 5, let first = text.first, (0x30...0x31).contains(first) else {
            return nil
        }
        var value = Int(first - 0x30) * 1_000
        let rest = text.dropFirst()
        guard rest.first ?? UInt8(ascii: ".") == UInt8(ascii: ".") else { return nil }
        var unit = 100
        for digit in rest.dropFirst() {
            guard (0x30...0x39).contains(digit) else { return nil }
            value += Int(digit - 0x30) * unit
            unit /= 10
        }
        return value <= 1_000 ? value : nil
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
