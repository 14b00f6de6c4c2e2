import HTTPMessages
import HTTPTypes

// What a loop does for one connection: it carries out what `ConnectionState` says.
extension EventLoop {
    /// The connection a token names; nil when it is closed, whoever has its slot now.
    func connection(_ token: ConnectionToken) -> Connection? {
        guard Int(token.slot) < slots.count else { return nil }
        let slot = slots[Int(token.slot)]
        return slot.generation == token.generation ? slot.connection : nil
    }

    /// Reads, writes or closes as the epoll set reported.
    func connectionIsReady(_ token: ConnectionToken, _ readiness: Readiness) {
        guard let connection = connection(token) else { return }
        guard readiness.isDisjoint(with: [.error, .hangUp]) else {
            close(connection)
            return
        }
        // The set is level-triggered: it reports this again in the next round.
        if connection.handshakeDeadline != nil, handshakeTime >= Self.handshakeTimePerRound {
            return
        }
        if readiness.contains(.peerClosed), !connection.peerHasClosed {
            connection.peerHasClosed = true
            if connection.state.isComputing { probeSoon(connection) }
        }
        if readiness.contains(.output), connection.flush(at: now) == .failed {
            close(connection)
            return
        }
        if !readiness.isDisjoint(with: [.input, .peerClosed]) {
            read(connection)
        }
        if !connection.isClosed { advance(connection) }
    }

    /// Reads at most four buffers full, so that others get their turn.
    private func read(_ connection: Connection) {
        for _ in 0..<4 {
            guard connection.state.wantsInput else {
                connection.hasUnwantedInput = true
                return
            }
            switch receive(connection) {
            case .moved(let count):
                countContent(of: connection)
                if count < input.count { return }
            case .ended:
                connection.state.endInput()
                return
            case .blocked: return
            case .failed:
                if let failure = connection.transport.failure {
                    endInsecure(connection, failure)
                } else {
                    close(connection)
                }
                return
            }
        }
    }

    private func receive(_ connection: Connection) -> Socket.Transfer {
        guard connection.handshakeDeadline == nil else { return shakeHands(connection) }
        return connection.receive(into: &input, plaintext: &plaintext, at: now)
    }

    /// Counts content as it arrives; too much of it in all ends the request with 503.
    private func countContent(of connection: Connection) {
        let held = connection.state.bodyByteCount
        connection.contentBytes = max(connection.contentBytes, held)
        guard held > connection.reservedBytes else { return }
        let hasRoom = queue.reserve(bytes: held - connection.reservedBytes)
        connection.reservedBytes = held
        if !hasRoom { connection.state.refuse(.overloaded) }
    }

    /// Carries out actions until the connection waits for something.
    func advance(_ connection: Connection) {
        while true {
            if connection.isOutputFull, !connection.isBlocked, !flush(connection) { return }
            switch connection.state.nextAction(at: now) {
            case .wait:
                guard flush(connection) else { return }
                if sendPiece(connection) { continue }
                if !connection.isClosed { schedule(connection) }
                return
            case .admit(let head): admit(head, connection)
            case .sendContinue: connection.sendContinue()
            case .compute(let request, let body): enqueue(request, body, connection)
            case .refuse(let error):
                cancel(connection)
                respond(
                    service.refusal(error, of: connection.request),
                    to: connection,
                    refusal: error
                )
            case .finishOutput: if !flush(connection) { return }
            case .shutDownOutput: connection.transport.shutDownOutput()
            case .close:
                close(connection)
                return
            }
        }
    }

    /// Writes out what is queued; false when the connection has to wait or is closed.
    func flush(_ connection: Connection) -> Bool {
        switch connection.flush(at: now) {
        case .drained:
            letGo(connection)
            return true
        case .blocked:
            hold(connection)
            schedule(connection)
            return false
        case .failed:
            close(connection)
            return false
        }
    }

    /// Brings the epoll set and the timers in line with what the connection waits for.
    ///
    /// Input that cannot be used is switched off only once some has come, which is rare; the end of
    /// input is watched for until it has come, since work may have to end with it.
    func schedule(_ connection: Connection) {
        watch(connection)
        guard let deadline = connection.deadline else { return }
        if let scheduled = connection.scheduled, scheduled <= deadline { return }
        connection.scheduled = deadline
        timers.insert(TimerHeap.Entry(time: deadline, token: connection.token))
    }

    private func watch(_ connection: Connection) {
        var interest = connection.interest
        if connection.state.wantsInput {
            interest.formUnion([.input, .peerClosed])
        } else if connection.hasUnwantedInput {
            interest.subtract(.input)
            if connection.peerHasClosed { interest.subtract(.peerClosed) }
        }
        connection.hasUnwantedInput = false
        if connection.isBlocked { interest.insert(.output) } else { interest.remove(.output) }
        guard interest != connection.interest else { return }
        connection.interest = interest
        _ = mailbox.epoll.modify(
            connection.transport.socket.descriptor,
            interest,
            key: connection.token.key
        )
    }

    /// Forgets a connection; its socket closes with it.
    func close(_ connection: Connection) {
        guard !connection.isClosed else { return }
        connection.isClosed = true
        if connection.state.isComputing { abandon(connection) }
        // An answer that is not complete must not look as if it were.
        if connection.streaming == nil, !connection.hasOutput { connection.transport.sayGoodbye() }
        if connection.streaming != nil { cutOff(connection) }
        releaseContent(of: connection)
        letGo(connection)
        if connection.handshakeDeadline != nil { handshakeEnded(connection, .abandoned) }
        mailbox.epoll.remove(connection.transport.socket.descriptor)
        ledger.release(connection.address)
        let slot = Int(connection.token.slot)
        slots[slot].connection = nil
        slots[slot].generation &+= 1
        freeSlots.append(connection.token.slot)
        connectionCount -= 1
        observer?.happened(.closed)
    }
}
