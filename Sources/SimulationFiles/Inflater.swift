import ContentCoding
import NumericArrays

/// A stream of raw deflate, RFC 1951, that zlib expands.
struct Inflater: ~Copyable {
    private var stream: InflateStream
    /// Whether the end of the compressed data was reached.
    private(set) var isFinished = false

    /// Starts a stream.
    init() throws(FormatProblem) {
        guard let stream = InflateStream(.raw) else {
            throw FormatProblem("there is no memory to decompress it")
        }
        self.stream = stream
    }

    /// Expands bytes, calling back with at most 256 KiB at a time.
    ///
    /// - Parameters:
    ///   - bytes: The next compressed bytes.
    ///   - body: Takes expanded bytes; false ends the call.
    /// - Returns: How many of the bytes belong to the stream.
    /// - Throws: `FormatProblem` when they are no deflate.
    mutating func expand(
        _ bytes: [UInt8],
        body: ([UInt8]) -> Bool
    ) throws(FormatProblem) -> Int {
        var consumed = 0
        while !isFinished {
            var output = [UInt8](repeating: 0, count: 1 << 18)
            let step = stream.inflate(bytes, from: consumed, into: &output)
            guard step.state != .damaged else {
                throw FormatProblem("its compressed data is damaged")
            }
            consumed += step.consumed
            isFinished = step.state == .ended
            if step.produced > 0, !body(Array(output.prefix(step.produced))) { return consumed }
            if step.produced < output.count && consumed == bytes.count { break }
            if step.produced == 0 && step.consumed == 0 { break }
        }
        return consumed
    }
}
