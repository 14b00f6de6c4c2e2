import HTTPMessages
import HTTPTypes

// What a loop does for one connection: it carries out what `ConnectionState` says.
extension EventLoop {
    /// How long quick answers may hold up a round of events, one call more at most.
    private static let quickTime = Duration.microseconds(500)
    /// So many requests are given to the service at a time.
    private static let quickCount = 8

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
        if readiness.contains(.peerClosed) {
            connection.peerHasClosed = true
            connection.cancellation?.cancel()
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
            case .compute(let request, let body):
                connection.contentBytes = body.count
                admitted.append(
                    Job(
                        request: AdmittedRequest(
                            request,
                            body: body,
                            context: connection.context ?? newContext(request)
                        ),
                        token: connection.token,
                        number: connection.state.requestCount,
                        mailbox: mailbox,
                        submitted: now,
                        client: client(connection.context, connection)
                    )
                )
            case .refuse(let error):
                cancel(connection)
                respond(error.response, to: connection, refusal: error)
            case .finishOutput: if !flush(connection) { return }
            case .shutDownOutput: connection.transport.shutDownOutput()
            case .close:
                close(connection)
                return
            }
        }
    }

    private func admit(_ head: RequestHead, _ connection: Connection) {
        let framing = head.framing
        var context = newContext(head.request)
        context.certificate = connection.certificate
        let admission = service.admit(
            head.request,
            hasBody: framing.hasBody,
            hasLength: framing.hasLength,
            context: &context
        )
        connection.request = head.request
        connection.context = context
        connection.requestStart = now
        connection.contentBytes = 0
        switch admission {
        case .respond(let response): respond(response, to: connection)
        case .compute(let limitBytes):
            var expected = 0
            if case .length(let count) = framing { expected = count }
            // Too long for the route comes before too much for the server or the client.
            if expected <= limitBytes, let reason = refusal(ofBytes: expected, connection) {
                refuse(connection, reason)
            } else {
                connection.state.readBody(limitBytes: limitBytes, at: now)
            }
        }
    }

    /// Why a request is not taken now whose content is so long; nil if it is.
    private func refusal(ofBytes count: Int, _ connection: Connection) -> HTTPParseError? {
        guard !connection.isRestricted, queue.hasRoom(forBytes: count, at: now) else {
            return .overloaded
        }
        guard let accounts else { return nil }
        let client = client(connection.context, connection)
        return accounts.waitingSeconds(client, at: now).map { .rateLimited(retryAfterSeconds: $0) }
    }

    /// Whose budget a request counts against.
    func client(_ context: RequestContext?, _ connection: Connection) -> ClientAccounts.Client {
        ClientAccounts.Client(key: context?.client, connection.address)
    }

    /// Refuses a request for which no worker had time.
    func waitedTooLong(_ token: ConnectionToken, number: Int) {
        guard let connection = waiting(token, number) else { return }
        connection.state.refuse(.overloaded)
        advance(connection)
    }

    /// Takes an answer from a worker, unless its connection has gone or given up meanwhile.
    func completed(
        _ token: ConnectionToken,
        number: Int,
        _ response: ServerResponse,
        _ times: WorkTimes
    ) {
        guard let connection = waiting(token, number) else { return }
        respond(response, to: connection, times: times)
        advance(connection)
    }

    /// The connection that waits for the answer to a request, if it still does.
    private func waiting(_ token: ConnectionToken, _ number: Int) -> Connection? {
        guard let connection = connection(token), connection.state.isComputing,
            connection.state.requestCount == number
        else { return nil }
        return connection
    }

    /// Answers what is quickly answered, together, and hands the rest to the workers.
    ///
    /// Requests that follow on the same connections join in, until the time is up.
    func answerAdmitted() {
        let end = MonotonicTime.now.advanced(by: Self.quickTime)
        while !admitted.isEmpty {
            var jobs: [Job] = []
            swap(&jobs, &admitted)
            for start in stride(from: 0, to: jobs.count, by: Self.quickCount) {
                let part = jobs[start..<min(start + Self.quickCount, jobs.count)]
                guard MonotonicTime.now < end else {
                    part.forEach(submit)
                    continue
                }
                let start = MonotonicTime.now
                let answers = service.answerQuickly(part.map(\.request))
                var times = WorkTimes()
                times.computing = MonotonicTime.now.since(start) / part.count
                for (job, answer) in zip(part, answers) {
                    if let answer {
                        accounts?.charge(times.computing, to: job.client, at: now)
                        completed(job.token, number: job.number, answer, times)
                    } else {
                        submit(job)
                    }
                }
            }
        }
    }

    private func submit(_ job: Job) {
        guard let connection = waiting(job.token, job.number) else { return }
        connection.cancellation = job.cancellation
        if connection.peerHasClosed { job.cancellation.cancel() }
        let count = job.request.body.count
        _ = queue.reserve(bytes: count - connection.reservedBytes)
        connection.reservedBytes = 0
        if !queue.submit(job) {
            queue.release(bytes: count)
            refuse(connection, .overloaded)
            advance(connection)
        }
    }

    /// Makes the context of a request; nil for one that was not understood.
    private func newContext(_ request: HTTPRequest?) -> RequestContext {
        RequestContext(request, random: (randomNumbers.next(), randomNumbers.next()))
    }

    private func refuse(_ connection: Connection, _ error: HTTPParseError) {
        respond(error.response, to: connection, refusal: error)
    }

    private func respond(
        _ response: ServerResponse,
        to connection: Connection,
        times: WorkTimes = WorkTimes(),
        refusal: HTTPParseError? = nil
    ) {
        releaseContent(of: connection)
        connection.cancellation = nil
        let request = connection.request
        let context = connection.context ?? newContext(nil)
        connection.request = nil
        connection.context = nil
        connection.respond(
            response,
            closing: connection.isRestricted,
            context: context,
            serializer: serializer,
            at: now
        )
        let isKnown = request != nil
        let exchange = HTTPExchange(
            request: request,
            context: context,
            peer: connection.address,
            status: response.head.status.code,
            bytesIn: connection.contentBytes,
            bytesOut: request?.method == .head ? 0 : response.body.count,
            refusal: refusal,
            work: times,
            total: isKnown ? MonotonicTime.now.since(connection.requestStart) : .zero
        )
        connection.contentBytes = 0
        if connection.state.isStreaming, let stream = response.stream {
            connection.streaming = StreamingAnswer(exchange)
            askForPiece(of: stream, connection)
        } else {
            observer?.answered(exchange)
        }
    }

    /// Gives up the work of the request in progress, if there is any.
    func cancel(_ connection: Connection) {
        connection.cancellation?.cancel()
        queue.cancel(connection.token, number: connection.state.requestCount)
    }

    private func releaseContent(of connection: Connection) {
        guard connection.reservedBytes > 0 else { return }
        queue.release(bytes: connection.reservedBytes)
        connection.reservedBytes = 0
    }

    /// Writes out what is queued; false when the connection has to wait or is closed.
    private func flush(_ connection: Connection) -> Bool {
        switch connection.flush(at: now) {
        case .drained: return true
        case .blocked:
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
        if connection.state.isComputing { cancel(connection) }
        // An answer that is not complete must not look as if it were.
        if connection.streaming == nil, !connection.hasOutput { connection.transport.sayGoodbye() }
        if connection.streaming != nil { cutOff(connection) }
        releaseContent(of: connection)
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
