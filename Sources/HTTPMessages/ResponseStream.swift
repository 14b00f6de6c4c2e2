/// Content that is made piece by piece, while the pieces before it are being sent.
///
/// A connection holds at most three pieces: one that is being sent, one that waits behind it and
/// one that is being made. The next piece is asked for only once there is room for it, so a client
/// that reads slowly slows the work down and a worker never waits for a client. When the client is
/// gone no more is asked for and the stream is let go.
///
///     struct Countdown: ResponseStream {
///         var count: Int
///
///         mutating func makePiece(
///             ofAbout byteCount: Int,
///             into piece: inout [UInt8],
///             cancellation: Cancellation
///         ) throws(ResponseStreamFailure) -> Bool {
///             while count > 0, piece.count < byteCount {
///                 piece.append(contentsOf: "\(count)\n".utf8)
///                 count -= 1
///             }
///             return count > 0
///         }
///     }
///     ServerResponse(head: HTTPResponse(status: .ok), stream: Countdown(count: 1_000_000))
///
/// HTTP/1.1 clients get it as `Transfer-Encoding: chunked`, RFC 9112 §7.1. HTTP/1.0 has no chunks,
/// RFC 9112 §6.1: there the end of the connection ends the content (§6.3), and a reset is how a
/// client learns that it is not complete. HEAD gets the fields alone, and no piece is made.
///
/// Status and fields have been sent before the first piece is made: what can be refused has to be
/// refused before a response with a stream is returned.
public protocol ResponseStream: Sendable {
    /// Makes the next piece; called on a worker, by one at a time.
    ///
    /// - Parameters:
    ///   - byteCount: How many bytes are wanted; some more are no harm, all at once would be.
    ///   - piece: Receives the bytes, empty at first; may stay empty.
    ///   - cancellation: Tells when nobody waits for the piece any more.
    /// - Returns: Whether more pieces follow.
    /// - Throws: When there is no next piece though there should be one: the connection closes and
    ///   the last chunk is never sent, which is how the client learns of it (RFC 9112 §8).
    mutating func makePiece(
        ofAbout byteCount: Int,
        into piece: inout [UInt8],
        cancellation: Cancellation
    ) throws(ResponseStreamFailure) -> Bool
}

/// Why a stream ended before it was complete.
public struct ResponseStreamFailure: Error, Sendable, Hashable {
    /// For the log; no client sees it.
    public let reason: String

    /// Makes a failure with a reason for the log.
    public init(_ reason: String) {
        self.reason = reason
    }
}
