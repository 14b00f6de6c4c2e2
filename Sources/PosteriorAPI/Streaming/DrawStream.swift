import Estimators
import HTTPMessages
import HTTPTypes
import NumericArrays
import StrictJSON

/// An answer made of fixed bytes and of draws, which are made while it is being sent.
struct DrawStream: ResponseStream {
    /// How numbers are written.
    enum Format {
        /// Four bytes each, whatever their value.
        case binary
        /// JSON numbers with commas between them.
        case flat
        /// JSON lists of the numbers of a draw, with commas between them.
        case rows
    }

    /// A part of the answer.
    enum Part {
        case bytes([UInt8])
        /// theta of the draws of some observations.
        case samples(Range<Int>, Format)
        /// log q of the draws of some observations.
        case logProb(Range<Int>, Format)
    }

    private let source: DrawSource
    private let parts: [Part]
    private var part = 0
    /// Bytes, or draws over all observations, of the current part that have been written.
    private var written = 0

    init(_ source: DrawSource, _ parts: [Part]) {
        self.source = source
        self.parts = parts
    }

    mutating func makePiece(
        ofAbout byteCount: Int,
        into piece: inout [UInt8],
        cancellation: Cancellation
    ) throws(ResponseStreamFailure) -> Bool {
        while part < parts.count, piece.count < byteCount, !cancellation.isCancelled {
            switch parts[part] {
            case .bytes(let bytes):
                let end = written + min(bytes.count - written, max(byteCount - piece.count, 1))
                piece += bytes[written..<end]
                written = end == bytes.count ? 0 : end
                if end == bytes.count { part += 1 }
            case .samples(let observations, let format):
                try append(observations, format, isLogProb: false, to: &piece)
            case .logProb(let observations, let format):
                try append(observations, format, isLogProb: true, to: &piece)
            }
        }
        return part < parts.count
    }

    /// Appends the next slice of the current part.
    private mutating func append(
        _ observations: Range<Int>,
        _ format: Format,
        isLogProb: Bool,
        to piece: inout [UInt8]
    ) throws(ResponseStreamFailure) {
        let first = written % source.count
        let range = first..<min(first + source.sliceDraws, source.count)
        let draws = source.draws(
            of: observations.lowerBound + written / source.count,
            range,
            withLogProb: isLogProb
        )
        if !isLogProb { source.model.metrics?.drew(range.count) }
        let values = isLogProb ? draws.logProb ?? [] : draws.theta
        if format == .binary {
            piece.append(littleEndian: values[...])
        } else {
            // −∞ is an answer, which JSON has as null: a draw that rounding put on the edge.
            guard values.allSatisfy({ $0.isFinite || isLogProb && $0 == -.infinity }) else {
                throw ResponseStreamFailure("a draw is not finite")
            }
            if written > 0 { piece.append(UInt8(ascii: ",")) }
            var writer = JSONWriter(capacity: 16 * values.count)
            if format == .rows {
                writer.rows(values.span, columns: source.model.posterior.thetaDim)
            } else {
                writer.numbers(values.span)
            }
            piece += writer.finish().dropFirst().dropLast()
        }
        written += range.count
        if written == observations.count * source.count {
            written = 0
            part += 1
        }
    }
}

extension DrawStream {
    /// The answer made at once.
    ///
    /// - Throws: `APIError` when a number cannot be written.
    func whole(_ head: HTTPResponse) throws(APIError) -> ServerResponse {
        var stream = self
        var body: [UInt8] = []
        do throws(ResponseStreamFailure) {
            while try stream.makePiece(
                ofAbout: .max,
                into: &body,
                cancellation: Cancellation()
            ) {}
        } catch {
            throw .unanswerable(path: "body", reason: error.reason)
        }
        return ServerResponse(head: head, body: body)
    }
}
