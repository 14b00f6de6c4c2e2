/// A coding that the content of a request may have, RFC 9110 §8.4.1.
public enum ContentDecoder: Sendable, Hashable {
    /// None.
    case identity
    /// RFC 1952, one member.
    case gzip
    /// RFC 1950, which HTTP calls `deflate`.
    case deflate

    /// Why content is not decoded.
    public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// It is not what the coding says, its checksum included.
        case damaged
        /// It ends before it is complete.
        case truncated
        /// Bytes follow its end, another member perhaps.
        case trailingBytes
        /// It grows beyond the limit.
        case tooLong(limitBytes: Int)
        /// It grows too much for what it is.
        case tooDense(limitRatio: Int)
        /// Nobody waits for it any more.
        case cancelled
        /// There is no memory.
        case noMemory

        /// What is wrong, as it follows "the content".
        public var description: String {
            switch self {
            case .damaged: "is damaged, or not in the format that Content-Encoding names"
            case .truncated: "ends before it is complete"
            case .trailingBytes: "goes on after its end; it is one stream and nothing else"
            case .tooLong(let limit): "expands to more than \(limit) bytes"
            case .tooDense(let ratio): "expands to more than \(ratio) times its size"
            case .cancelled: "was not expanded, since nobody waits for the answer"
            case .noMemory: "was not expanded, since there is no memory for it"
            }
        }
    }

    /// Bounds on what decoding may lead to.
    public struct Limits: Sendable, Hashable {
        /// Most decoded bytes.
        public var bytes: Int
        /// Most decoded bytes for each that was received, beyond `freeBytes`.
        public var ratio = 200
        /// Decoded bytes for which the ratio does not matter.
        public var freeBytes = 1 << 20

        /// Makes limits.
        public init(bytes: Int) { self.bytes = bytes }
    }

    /// The decoder for the value of a `Content-Encoding` field; nil for one that is not known, and
    /// for a list of two.
    public init?(_ value: String) {
        switch value.lowercased() {
        case "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        default: return nil
        }
    }

    /// Decodes a whole content.
    ///
    /// Memory follows what has been decoded, never what is promised.
    ///
    /// - Parameters:
    ///   - content: As it was received.
    ///   - limits: Where to stop.
    ///   - isCancelled: Asked between slices of 64 KiB.
    /// - Returns: The content as it was before it was coded.
    /// - Throws: What is wrong with it.
    public func decode(
        _ content: [UInt8],
        limits: Limits,
        isCancelled: () -> Bool = { false }
    ) throws(Failure) -> [UInt8] {
        guard self != .identity else { return content }
        guard var stream = InflateStream(self == .gzip ? .gzip : .zlib) else { throw .noMemory }
        let dense = content.count.multipliedReportingOverflow(by: limits.ratio)
        let densest = max(limits.freeBytes, dense.overflow ? .max : dense.partialValue)
        var decoded: [UInt8] = []
        var slice = [UInt8](repeating: 0, count: 65_536)
        var position = 0
        while true {
            guard !isCancelled() else { throw .cancelled }
            let step = stream.inflate(content, from: position, into: &slice)
            position += step.consumed
            decoded.append(contentsOf: slice[..<step.produced])
            guard decoded.count <= limits.bytes else { throw .tooLong(limitBytes: limits.bytes) }
            guard decoded.count <= densest else { throw .tooDense(limitRatio: limits.ratio) }
            switch step.state {
            case .damaged: throw .damaged
            case .ended:
                guard position == content.count else { throw .trailingBytes }
                return decoded
            case .open:
                // What does not move any more misses its end.
                guard step.consumed > 0 || step.produced > 0 else { throw .truncated }
            }
        }
    }
}
