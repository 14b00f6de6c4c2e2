import HTTPMessages

/// An answer that is being made piece by piece, as its connection sees it.
struct StreamingAnswer {
    /// Set when the connection is gone.
    let cancellation = Cancellation()
    /// A piece that is made and waits until the one before it has been written.
    var waiting: StreamPiece?
    /// What there is to tell of it in the end.
    var exchange: HTTPExchange
    /// Counted for its client until it has been made.
    let place: ClientRequests.Place?

    init(_ exchange: HTTPExchange, _ place: ClientRequests.Place?) {
        self.exchange = exchange
        self.place = place
    }
}

/// What a worker made of an order for a piece.
struct StreamPiece: Sendable {
    var bytes: [UInt8] = []
    /// Makes the pieces that follow; nil after the last one.
    var rest: (any ResponseStream)?
    /// Why there is no piece.
    var failure: ResponseStreamFailure?
}

/// An order for a piece of an answer that has begun.
struct PieceJob: Sendable {
    let stream: any ResponseStream
    let byteCount: Int
    let token: ConnectionToken
    /// Which of the connection's requests this is.
    let number: Int
    /// Where the piece goes.
    let mailbox: LoopMailbox
    let cancellation: Cancellation
    /// For whom it is made.
    let client: ClientAccounts.Client
    /// Held while the piece is being made.
    let place: ClientRequests.Place?

    /// Makes the piece, on a worker, unless nobody waits for it.
    func makePiece() -> StreamPiece {
        var piece = StreamPiece()
        guard !cancellation.isCancelled else { return piece }
        var stream = stream
        do throws(ResponseStreamFailure) {
            let goesOn = try stream.makePiece(
                ofAbout: byteCount,
                into: &piece.bytes,
                cancellation: cancellation
            )
            if goesOn { piece.rest = stream }
        } catch {
            piece.failure = error
        }
        return piece
    }
}
