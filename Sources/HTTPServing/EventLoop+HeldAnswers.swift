import HTTPMessages

// Answers that wait for their clients to take them. They count as content held: a server that holds
// too much of it takes nothing new, and cuts those off whose clients are slow. Otherwise a few
// hundred clients that ask for long answers and hardly read could take all memory.
extension EventLoop {
    /// Counts what a connection has to send and could not.
    func hold(_ connection: Connection) {
        guard connection.heldBytes == 0 else { return }
        connection.heldBytes = connection.outputBytes
        connection.holdDue = now.advanced(by: heldAnswerTime)
        _ = queue.reserve(bytes: connection.heldBytes)
    }

    /// Forgets what a connection had to send, since it was taken or never will be.
    func letGo(_ connection: Connection) {
        guard connection.heldBytes > 0 else { return }
        queue.release(bytes: connection.heldBytes)
        connection.heldBytes = 0
        connection.holdDue = nil
    }

    /// Cuts an answer off that has waited for long, if the server needs its room.
    func reviewHold(_ connection: Connection) {
        guard queue.isOverfull else {
            connection.holdDue = now.advanced(by: heldAnswerTime)
            return
        }
        // Without a reset an answer of no stated length would look complete.
        connection.transport.socket.resetOnClose()
        close(connection)
    }
}
