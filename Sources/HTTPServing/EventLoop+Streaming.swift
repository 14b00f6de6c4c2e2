import HTTPMessages

// Answers that are made piece by piece. While one piece is being written the next is being made,
// and it waits for the first to have been written before another is asked for.
extension EventLoop {
    /// Has a worker make the next piece.
    func askForPiece(of stream: any ResponseStream, _ connection: Connection) {
        guard let streaming = connection.streaming else { return }
        connection.state.awaitPiece(at: now)
        queue.submit(
            PieceJob(
                stream: stream,
                byteCount: limits.streamPieceBytes,
                token: connection.token,
                number: connection.state.requestCount,
                mailbox: mailbox,
                cancellation: streaming.cancellation,
                client: client(streaming.exchange.context, connection),
                place: streaming.place
            )
        )
    }

    /// Takes a piece from a worker, unless its connection has gone.
    func pieceMade(_ token: ConnectionToken, number: Int, _ piece: StreamPiece) {
        guard let connection = connection(token), connection.streaming != nil,
            connection.state.requestCount == number
        else { return }
        connection.state.pieceArrived()
        connection.streaming?.waiting = piece
        advance(connection)
    }

    /// Queues the piece that waits, since all before it has been written, and asks for the next.
    ///
    /// - Returns: Whether there is something to write now; false too when the stream has failed.
    func sendPiece(_ connection: Connection) -> Bool {
        guard connection.state.isStreaming, let piece = connection.streaming?.waiting else {
            return false
        }
        guard piece.failure == nil else {
            // Without the last chunk, or else with a reset, the client knows that more was to come.
            if connection.state.endsWithConnection { connection.transport.socket.resetOnClose() }
            close(connection)
            return false
        }
        connection.streaming?.waiting = nil
        connection.streaming?.exchange.bytesOut += piece.bytes.count
        connection.send(piece.bytes, isLast: piece.rest == nil, at: now)
        if let rest = piece.rest {
            askForPiece(of: rest, connection)
        } else {
            end(connection, isCutOff: false)
        }
        return true
    }

    /// Lets the stream go of a connection that is closed before its answer is complete.
    func cutOff(_ connection: Connection) {
        connection.streaming?.cancellation.cancel()
        end(connection, isCutOff: true)
    }

    private func end(_ connection: Connection, isCutOff: Bool) {
        guard var exchange = connection.streaming?.exchange else { return }
        // Of one that is cut off a piece may still be in the making, which keeps the place.
        if !isCutOff { connection.streaming?.place?.giveBack() }
        connection.streaming = nil
        exchange.isCutOff = isCutOff
        exchange.total = MonotonicTime.now.since(connection.requestStart)
        observer?.answered(exchange)
    }
}
