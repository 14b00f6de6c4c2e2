/// Tells, byte by byte, whether the name of a trailer is one that may not come so late.
///
/// Where a message ends and where it goes is settled by then; a hop that merges trailers into the
/// header would settle it again.
///
/// *Reference*: RFC 9110 §6.5.1.
struct TrailerName: Sendable {
    private static let forbidden = ["content-length", "transfer-encoding", "host"]
        .map { Array($0.utf8) }

    private var count = 0
    /// Which of them the name may still become, a bit each.
    private var candidates = 0b111

    /// Whether the bytes so far are one of them.
    var isForbidden: Bool {
        Self.forbidden.indices.contains { index in
            candidates & 1 << index != 0 && Self.forbidden[index].count == count
        }
    }

    /// Takes the next byte of the name.
    mutating func append(_ byte: UInt8) {
        let letter = HTTPGrammar.lowercased(byte)
        for (index, name) in Self.forbidden.enumerated()
        where count >= name.count || name[count] != letter {
            candidates &= ~(1 << index)
        }
        count += 1
    }
}
