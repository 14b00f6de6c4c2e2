// Answers that are made piece by piece, RFC 9112 §7.1.
//
//     chunked-body = *chunk last-chunk trailer-section CRLF
extension ConnectionState {
    /// How an answer is streamed.
    struct Streaming: Sendable {
        /// Whether in chunks; else the end of the connection is the end of the content.
        var isChunked = true
        /// Whether the connection closes after it.
        var closes = false
    }

    /// Whether an answer is being sent whose content is made piece by piece.
    public var isStreaming: Bool { state == .streaming }

    /// Whether only the end of the connection tells the peer that the content is complete.
    public var endsWithConnection: Bool { state == .streaming && !streaming.isChunked }

    /// Notes that a piece was asked for: it has to be there in time.
    public mutating func awaitPiece(at now: MonotonicTime) {
        guard state == .streaming else { return }
        stateDeadline = now.advanced(by: limits.computeTimeout)
    }

    /// Notes that the piece that was asked for has been made.
    public mutating func pieceArrived() {
        guard state == .streaming else { return }
        stateDeadline = nil
    }

    /// Frames a piece; after the last one the state moves on.
    ///
    /// - Parameters:
    ///   - piece: The piece, to which its end is added.
    ///   - isLast: Whether the content is complete with it.
    ///   - output: Receives what goes before the piece.
    ///   - now: The time.
    public mutating func frame(
        _ piece: inout [UInt8],
        isLast: Bool,
        to output: inout [UInt8],
        at now: MonotonicTime
    ) {
        guard state == .streaming else { return }
        if streaming.isChunked {
            // A chunk of no bytes would be the last one.
            if !piece.isEmpty {
                output.append(contentsOf: "\(String(piece.count, radix: 16))\r\n".utf8)
                piece.append(contentsOf: "\r\n".utf8)
            }
            if isLast { piece.append(contentsOf: "0\r\n\r\n".utf8) }
        }
        if isLast { endAnswer(closes: streaming.closes || draining, at: now) }
    }
}
