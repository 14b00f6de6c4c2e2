/// The trace a request belongs to and the server's own part of it.
///
/// *Reference*: W3C Trace Context, Level 2, §2 and §3.
public struct TraceContext: Sendable, Hashable {
    /// The flags that are passed on: sampled, and that the trace id is random.
    private static let knownFlags: UInt8 = 0x03

    /// The first and the last eight bytes of the trace id.
    public let traceID: (high: UInt64, low: UInt64)
    /// The id of the server's own span.
    public let spanID: UInt64
    /// Bit 0: the caller may have recorded this trace.
    public let flags: UInt8

    /// Starts a trace from random bits.
    public init(high: UInt64, low: UInt64, spanID: UInt64) {
        traceID = (high, low == 0 ? 1 : low)
        self.spanID = max(spanID, 1)
        flags = 0
    }

    /// Goes on with the trace that a `traceparent` field names.
    ///
    /// - Parameters:
    ///   - field: The field's value; nothing of it is trusted.
    ///   - spanID: Random bits for the server's own span.
    ///
    /// *Edge cases*: nil for anything that the specification calls invalid: capitals, ids of
    /// zeros, version `ff`, a version 00 of another length than 55 characters, and a later version
    /// whose 56th character is not a dash.
    public init?(parsing field: String, spanID: UInt64) {
        let bytes = field.utf8.span
        guard bytes.count >= 55, let version = Self.hexadecimal(bytes, 0..<2), version != 0xFF,
            bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D,
            version == 0 ? bytes.count == 55 : bytes.count == 55 || bytes[55] == 0x2D,
            let high = Self.hexadecimal(bytes, 3..<19),
            let low = Self.hexadecimal(bytes, 19..<35),
            let parent = Self.hexadecimal(bytes, 36..<52),
            let flags = Self.hexadecimal(bytes, 53..<55),
            high | low != 0, parent != 0
        else { return nil }
        traceID = (high, low)
        self.spanID = max(spanID, 1)
        self.flags = UInt8(truncatingIfNeeded: flags) & Self.knownFlags
    }

    /// The trace id in 32 small hexadecimal digits.
    public var traceText: String { Self.text(traceID.high) + Self.text(traceID.low) }

    /// The id of the server's span in 16 small hexadecimal digits.
    public var spanText: String { Self.text(spanID) }

    /// The field that tells somebody else of the server's span.
    public var traceparent: String { "00-\(traceText)-\(spanText)-0\(flags)" }

    /// Whether two are the same.
    public static func == (one: TraceContext, other: TraceContext) -> Bool {
        one.traceID == other.traceID && one.spanID == other.spanID && one.flags == other.flags
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(traceID.high)
        hasher.combine(traceID.low)
        hasher.combine(spanID)
        hasher.combine(flags)
    }

    /// At most sixteen small hexadecimal digits; nil when a byte is something else.
    private static func hexadecimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in range {
            switch bytes[index] {
            case let byte where (0x30...0x39).contains(byte):
                value = value << 4 | UInt64(byte - 0x30)
            case let byte where (0x61...0x66).contains(byte):
                value = value << 4 | UInt64(byte - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    /// Sixteen small hexadecimal digits.
    static func text(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
