import ContentCoding
import HTTPMessages
import Synchronization

/// A streamed answer that is compressed piece by piece.
struct GzipResponseStream: ResponseStream {
    /// The compressor, which goes from piece to piece with the stream.
    private final class Compressor: Sendable {
        private let stream: Mutex<GzipStream>

        init?() {
            guard let stream = GzipStream() else { return nil }
            self.stream = Mutex(stream)
        }

        func compress(_ bytes: [UInt8], isLast: Bool, into output: inout [UInt8]) {
            let compressed = stream.withLock { stream in
                var compressed: [UInt8] = []
                stream.compress(bytes, isLast: isLast, into: &compressed)
                return compressed
            }
            output.append(contentsOf: compressed)
        }
    }

    private var plain: any ResponseStream
    private let compressor: Compressor

    /// Makes a stream of one that is not compressed; nil without memory.
    init?(_ plain: any ResponseStream) {
        guard let compressor = Compressor() else { return nil }
        self.plain = plain
        self.compressor = compressor
    }

    mutating func makePiece(
        ofAbout byteCount: Int,
        into piece: inout [UInt8],
        cancellation: Cancellation
    ) throws(ResponseStreamFailure) -> Bool {
        var bytes: [UInt8] = []
        let goesOn = try plain.makePiece(
            ofAbout: byteCount,
            into: &bytes,
            cancellation: cancellation
        )
        compressor.compress(bytes, isLast: !goesOn, into: &piece)
        return goesOn
    }
}
