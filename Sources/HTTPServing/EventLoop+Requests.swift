import HTTPMessages
import HTTPTypes

// What a loop does for one request: admission, the way to the workers and back, the answer.
extension EventLoop {
    /// How long quick answers may hold up a round of events, one call more at most.
    private static let quickTime = Duration.microseconds(500)
    /// So many requests are given to the service at a time.
    private static let quickCount = 8

    func admit(_ head: RequestHead, _ connection: Connection) {
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
        if context.hasWrongKey, let seconds = failedKeys?.failed(connection.address, at: now) {
            connection.state.refuse(.tooManyWrongKeys(retryAfterSeconds: seconds))
            return
        }
        // Beyond the limit of connections only probes come through.
        guard !connection.isRestricted || context.isProbe else {
            connection.state.refuse(.overloaded)
            return
        }
        switch admission {
        case .respond(let response): respond(response, to: connection)
        case .compute(let limitBytes):
            var expected = 0
            if case .length(let count) = framing { expected = count }
            // Too long for the route comes before too much for the server or the client.
            if expected <= limitBytes, let reason = refusal(ofBytes: expected, connection) {
                connection.state.refuse(reason)
            } else {
                connection.state.readBody(limitBytes: limitBytes, at: now)
            }
        }
    }

    /// Why a request is not taken now whose content is so long; nil if it is.
    private func refusal(ofBytes count: Int, _ connection: Connection) -> HTTPParseError? {
        guard queue.hasRoom(forBytes: count, at: now) else { return .overloaded }
        guard accounts != nil || clientRequests != nil else { return nil }
        let client = client(connection.context, connection)
        if let seconds = accounts?.waitingSeconds(client, at: now) {
            return .rateLimited(retryAfterSeconds: seconds)
        }
        return clientRequests?.isFull(client) == true ? .tooManyAtOnce : nil
    }

    /// Takes a request whose content is complete.
    func enqueue(_ request: HTTPRequest, _ body: [UInt8], _ connection: Connection) {
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
        var job = job
        if let clientRequests {
            // Others may have come while its content did.
            guard let place = clientRequests.begin(job.client) else {
                connection.state.refuse(.tooManyAtOnce)
                advance(connection)
                return
            }
            job.place = place
            connection.place = place
        }
        let count = job.request.body.count
        _ = queue.reserve(bytes: count - connection.reservedBytes)
        connection.reservedBytes = 0
        guard queue.submit(job) else {
            queue.release(bytes: count)
            connection.place = nil
            connection.state.refuse(.overloaded)
            advance(connection)
            return
        }
        connection.cancellation = job.cancellation
        if connection.peerHasClosed { probeSoon(connection) }
    }

    /// Makes the context of a request; nil for one that was not understood.
    private func newContext(_ request: HTTPRequest?) -> RequestContext {
        RequestContext(request, random: (randomNumbers.next(), randomNumbers.next()))
    }

    func respond(
        _ response: ServerResponse,
        to connection: Connection,
        times: WorkTimes = WorkTimes(),
        refusal: HTTPParseError? = nil
    ) {
        releaseContent(of: connection)
        connection.cancellation = nil
        connection.probeDue = nil
        let exchange = exchange(of: connection, response, times: times, refusal: refusal)
        connection.request = nil
        connection.context = nil
        connection.contentBytes = 0
        connection.respond(
            response,
            closing: connection.isRestricted,
            context: exchange.context,
            serializer: serializer,
            at: now
        )
        let place = connection.place
        connection.place = nil
        if connection.state.isStreaming, let stream = response.stream {
            connection.streaming = StreamingAnswer(exchange, place)
            askForPiece(of: stream, connection)
        } else {
            observer?.answered(exchange)
        }
    }

    /// What there is to tell of a request in progress and its answer.
    private func exchange(
        of connection: Connection,
        _ response: ServerResponse,
        times: WorkTimes = WorkTimes(),
        refusal: HTTPParseError? = nil
    ) -> HTTPExchange {
        let request = connection.request
        return HTTPExchange(
            request: request,
            context: connection.context ?? newContext(nil),
            peer: connection.address,
            status: response.head.status.code,
            bytesIn: connection.contentBytes,
            bytesOut: request?.method == .head ? 0 : response.body.count,
            refusal: refusal,
            work: times,
            total: request != nil ? MonotonicTime.now.since(connection.requestStart) : .zero
        )
    }

    /// Gives up the work of the request in progress, if there is any.
    func cancel(_ connection: Connection) {
        guard let cancellation = connection.cancellation else { return }
        cancellation.cancel()
        connection.place = nil
        queue.cancel(connection.token, number: connection.state.requestCount)
    }

    /// Gives up the request in progress of a client that is gone.
    func abandon(_ connection: Connection) {
        cancel(connection)
        let answer = ServerResponse(head: HTTPResponse(status: .clientClosedRequest))
        observer?.answered(exchange(of: connection, answer))
    }

    /// Sees to it that work does not go on for a client that has gone.
    ///
    /// A client that sends no more may have gone or may wait for its answer, RFC 9112 §9.6: the
    /// end of its output looks the same. What tells them apart is something sent to it, which a
    /// socket that is closed answers with a reset; so a client that is not answered soon gets an
    /// interim response, which RFC 9110 §15.2 has every client of HTTP/1.1 take, expected or not,
    /// and later others, since it may leave while it waits.
    func probeSoon(_ connection: Connection) {
        guard connection.state.maySendContinue, let delay = connection.interim.nextDelay()
        else { return }
        connection.probeDue = now.advanced(by: delay)
        schedule(connection)
    }

    /// Sends what a client that has gone answers with a reset.
    func probe(_ connection: Connection) {
        connection.probeDue = nil
        guard connection.state.maySendContinue else { return }
        connection.sendContinue()
        _ = flush(connection)
        if !connection.isClosed { probeSoon(connection) }
    }

    func releaseContent(of connection: Connection) {
        guard connection.reservedBytes > 0 else { return }
        queue.release(bytes: connection.reservedBytes)
        connection.reservedBytes = 0
    }
}
