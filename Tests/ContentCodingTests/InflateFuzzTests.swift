import ContentCoding
import Testing

/// Damaged and invented streams: an answer or an error, never a trap, never more than the limit.
struct InflateFuzzTests {
    /// A small generator with a fixed start: SplitMix64.
    private struct Numbers {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }

    /// Streams with stored, fixed and dynamic blocks, and one with every optional header field.
    private static func corpus() -> [[UInt8]] {
        let texts = ["", #"{"observation":[0.1,-0.2]}"#, String(repeating: "0.25,", count: 4_000)]
        var streams = texts.compactMap { GzipStream.compress(Array($0.utf8)) }
        streams += [ContentDecoderTests.gzipSample, ContentDecoderTests.zlibSample]
        streams.append(
            [0x1F, 0x8B, 8, 0x1C, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2] + Array("name\0note\0".utf8)
                + ContentDecoderTests.gzipSample[10...]
        )
        return streams
    }

    @Test(arguments: 0..<20) func `mutated streams are read or refused`(_ seed: Int) throws {
        var numbers = Numbers(state: UInt64(seed))
        let corpus = Self.corpus()
        let limits = ContentDecoder.Limits(bytes: 100_000)
        for _ in 0..<500 {
            var stream = corpus[numbers.next(below: corpus.count)]
            for _ in 0...numbers.next(below: 4) {
                guard !stream.isEmpty else { break }
                let index = numbers.next(below: stream.count)
                switch numbers.next(below: 4) {
                case 0: stream[index] = UInt8(numbers.next(below: 256))
                case 1: stream[index] ^= 1 << UInt8(numbers.next(below: 8))
                case 2: stream.removeSubrange(index...)
                default: stream.insert(UInt8(numbers.next(below: 256)), at: index)
                }
            }
            for decoder in [ContentDecoder.gzip, .deflate] {
                do throws(ContentDecoder.Failure) {
                    let content = try decoder.decode(stream, limits: limits)
                    #expect(content.count <= limits.bytes)
                } catch {
                    #expect(error != .noMemory && error != .cancelled)
                }
            }
        }
    }
}
