public import HTTPTypes

/// One connection's protocol: events in, actions out, and no clock or socket inside.
///
/// The owner reports what happened (`receive`, `endInput`, `expire`, …) and then asks for
/// `nextAction` until it is told to wait. Requests are taken one at a time, so answers leave in
/// the order the requests came, and nothing is read after an answer that says `close`.
///
///     readingHead → admitting → readingBody → bodyComplete → computing → [streaming →] readingHead
///          any of them → refusing → finishing → shuttingDown → lingering → closed
///       for lack of room → refusing → [skippingBody →] readingHead
///
/// *Reference*: RFC 9112 §9; RFC 9110 §10.1.1.
public struct ConnectionState: Sendable {
    /// What the owner does next.
    public enum Action: Sendable {
        /// Wait for the next event or for `deadline`.
        case wait
        /// Ask the service, then call `respond` or `readBody`.
        case admit(RequestHead)
        /// Send `ResponseSerializer.goOn`.
        case sendContinue
        /// Compute the answer, then call `respond`.
        case compute(HTTPRequest, body: [UInt8])
        /// Call `respond` with the error's response.
        case refuse(HTTPParseError)
        /// Write out all that is queued, then call `outputDrained`.
        case finishOutput
        /// Shut the sending side down; input is dropped until the peer closes as well.
        case shutDownOutput
        /// Close the connection.
        case close
    }

    enum State: Equatable {
        case readingHead
        case headComplete
        case admitting
        case announcing
        case readingBody
        case bodyComplete
        case computing
        case streaming
        case refusing(HTTPParseError)
        /// The request was answered, and what is left of its content is dropped.
        case skippingBody
        case finishing
        case shuttingDown
        case lingering
        case closed
    }

    let limits: HTTPLimits
    var state = State.readingHead
    var parser: RequestParser
    var buffer = InputBuffer()
    var head: RequestHead?
    var body: [UInt8] = []
    /// What is still to come of content whose length is known.
    var bodyRemaining = 0
    var bodyStart: MonotonicTime
    var decoder: ChunkedDecoder?
    private var discarded = 0
    /// When the header section of the request in progress was complete.
    var headComplete: MonotonicTime
    /// Whether all of its content has been read, so that the next request begins after it.
    var isContentRead = false
    var headerClockRuns = false
    private var inputEnded = false
    var draining = false
    /// How the answer in progress is sent, where it is made piece by piece.
    var streaming = Streaming()
    var stateDeadline: MonotonicTime?
    private var writeDeadline: MonotonicTime?

    /// How many requests have been taken so far; names the one in progress.
    public internal(set) var requestCount = 0

    /// Makes the state of a connection that was just accepted.
    public init(limits: HTTPLimits, at now: MonotonicTime) {
        self.limits = limits
        parser = RequestParser(limits: limits)
        bodyStart = now
        headComplete = now
        stateDeadline = now.advanced(by: limits.idleTimeout)
    }

    /// When `expire` is due; nil while nothing is timed.
    public var deadline: MonotonicTime? { writeDeadline ?? stateDeadline }

    /// Whether input can be used now; while it cannot, the owner leaves it in the socket.
    public var wantsInput: Bool {
        switch state {
        case .readingHead, .readingBody, .skippingBody: !inputEnded && writeDeadline == nil
        case .lingering: !inputEnded
        default: false
        }
    }

    /// Whether a request is being computed and `respond` is awaited.
    public var isComputing: Bool { state == .computing }

    /// Whether an interim answer may be sent: a request is being computed whose client knows them,
    /// RFC 9110 §15.2.
    public var maySendContinue: Bool { isComputing && head?.minorVersion != 0 }

    /// Whether no part of a request has arrived since the last answer.
    public var isIdle: Bool { state == .readingHead && !headerClockRuns && buffer.isEmpty }

    /// Bytes of content held for the request that is being read.
    public var bodyByteCount: Int { body.count }
}

// MARK: Events

extension ConnectionState {
    /// Takes bytes from the peer.
    public mutating func receive(_ bytes: Span<UInt8>, at now: MonotonicTime) {
        switch state {
        case .readingHead where buffer.isEmpty:
            let used = readHead(bytes, at: now)
            keep(bytes, from: used)
        case .readingBody where buffer.isEmpty:
            let used = readBody(bytes, at: now)
            keep(bytes, from: used)
        case .skippingBody where buffer.isEmpty:
            let used = skipBody(bytes, at: now)
            keep(bytes, from: used)
        case .lingering:
            discarded += bytes.count
            if discarded > limits.discardedBytes { state = .closed }
        case .refusing, .finishing, .shuttingDown, .closed: break
        default: buffer.append(bytes)
        }
    }

    private mutating func keep(_ bytes: Span<UInt8>, from used: Int) {
        switch state {
        case .readingHead, .headComplete, .bodyComplete:
            buffer.append(bytes.extracting(used..<bytes.count))
        default: break
        }
    }

    /// Notes that the peer sends no more; requests already here are still answered.
    public mutating func endInput() {
        inputEnded = true
        if state == .lingering { state = .closed }
    }

    /// Notes that `deadline` has passed, RFC 9112 §9.5.
    public mutating func expire(at now: MonotonicTime) {
        guard let deadline, deadline <= now else { return }
        guard writeDeadline == nil else {
            state = .closed
            return
        }
        stateDeadline = nil
        switch state {
        case .readingHead: state = isIdle ? .closed : .refusing(.headerTimeout)
        case .readingBody: state = .refusing(.bodyTimeout)
        case .computing: state = .refusing(.computeTimeout)
        default: state = .closed
        }
    }

    /// Notes that the server stops: idle connections close, others after their answer.
    public mutating func beginDrain() {
        draining = true
        if isIdle, writeDeadline == nil { state = .closed }
    }

    /// Gives up the request that is being read, admitted or computed; it is answered with the error.
    public mutating func refuse(_ error: HTTPParseError) {
        state = .refusing(error)
        stateDeadline = nil
    }

    /// Ends the connection without another word; what still comes is dropped.
    public mutating func abandon() {
        state = .shuttingDown
        stateDeadline = nil
        writeDeadline = nil
        buffer.removeAll()
    }

    /// Notes that some output was taken, but not all; starts the write-stall clock anew.
    public mutating func outputBlocked(at now: MonotonicTime) {
        writeDeadline = now.advanced(by: limits.writeStallTimeout)
    }

    /// Notes that all output was taken.
    public mutating func outputDrained(at now: MonotonicTime) {
        if writeDeadline != nil {
            writeDeadline = nil
            if isIdle { stateDeadline = now.advanced(by: limits.idleTimeout) }
            if isIdle, draining { state = .closed }
        }
        if state == .finishing { state = inputEnded ? .closed : .shuttingDown }
    }
}

// MARK: Actions

extension ConnectionState {
    /// What to do now; ask again after each action until it is `wait`, `finishOutput` or `close`.
    public mutating func nextAction(at now: MonotonicTime) -> Action {
        guard writeDeadline == nil || state == .closed else { return .wait }
        if state == .skippingBody, !buffer.isEmpty {
            consumeBuffer { state, bytes in state.skipBody(bytes, at: now) }
        }
        if state == .readingHead, !buffer.isEmpty {
            consumeBuffer { state, bytes in state.readHead(bytes, at: now) }
        } else if state == .readingBody, !buffer.isEmpty {
            consumeBuffer { state, bytes in state.readBody(bytes, at: now) }
        }
        switch state {
        case .readingHead where inputEnded, .skippingBody where inputEnded:
            // The end of input is the end of the requests; part of one is dropped, §8.
            state = .finishing
            return .finishOutput
        case .readingBody where inputEnded:
            state = .closed
            return .close
        case .headComplete:
            guard let head else { return .wait }
            state = .admitting
            return .admit(head)
        case .announcing:
            state = .readingBody
            return .sendContinue
        case .bodyComplete:
            guard let head else { return .wait }
            state = .computing
            isContentRead = true
            stateDeadline = now.advanced(by: limits.computeTimeout)
            if let timeout = head.timeout {
                stateDeadline = min(
                    headComplete.advanced(by: timeout),
                    now.advanced(by: limits.computeTimeout)
                )
            }
            var content: [UInt8] = []
            swap(&content, &body)
            return .compute(head.request, body: content)
        case .refusing(let error): return .refuse(error)
        case .finishing: return .finishOutput
        case .shuttingDown:
            state = .lingering
            stateDeadline = now.advanced(by: limits.closeTimeout)
            return .shutDownOutput
        case .closed: return .close
        case .readingHead, .admitting, .readingBody, .skippingBody, .computing, .streaming,
            .lingering:
            return .wait
        }
    }

    /// Goes on to the content of the admitted request, at most `limitBytes` of it.
    public mutating func readBody(limitBytes: Int, at now: MonotonicTime) {
        guard state == .admitting, let head else { return }
        state = head.framing.hasBody ? .readingBody : .bodyComplete
        switch head.framing {
        case .none: return
        case .length(let length):
            guard length <= limitBytes else {
                refuse(.bodyTooLarge(limitBytes: limitBytes))
                return
            }
        case .chunked:
            decoder = ChunkedDecoder(limits: limits, bodyLimit: limitBytes)
        }
        guard head.framing.hasBody else { return }
        bodyStart = now
        setBodyDeadline(at: now)
        if head.expectsContinue, buffer.isEmpty { state = .announcing }
    }

    /// Writes a final answer and moves on to the next request or to the end.
    ///
    /// - Parameters:
    ///   - response: What the service or an error says.
    ///   - closing: Whether to close afterwards though the protocol would allow more.
    ///   - context: What is known of the request.
    ///   - serializer: Holds the time for `Date`.
    ///   - output: Receives the head.
    ///   - now: The time.
    /// - Returns: The content to send after the head; empty for HEAD, 204 and 304, and where it is
    ///   streamed: `isStreaming` is then true, and `append` takes the pieces.
    public mutating func respond(
        _ response: ServerResponse,
        closing: Bool = false,
        context: RequestContext? = nil,
        serializer: borrowing ResponseSerializer,
        to output: inout [UInt8],
        at now: MonotonicTime
    ) -> [UInt8] {
        let closes = closing || mustClose
        let isHead = head.map { $0.request.method == .head } ?? parser.isReadingHead
        var framing = BodyFraming.length(response.body.count)
        // Before the head was understood nothing is known of the version, and nothing is streamed.
        if response.stream != nil { framing = head?.minorVersion == 0 ? .none : .chunked }
        let hasContent = serializer.appendHead(
            response.head,
            framing: framing,
            closes: closes,
            context: context,
            to: &output
        )
        head = nil
        if !body.isEmpty { body = [] }
        decoder = nil
        if response.stream != nil, hasContent, !isHead {
            streaming = Streaming(isChunked: framing == .chunked, closes: closes)
            state = .streaming
            stateDeadline = nil
            return []
        }
        endAnswer(closes: closes, at: now)
        return hasContent && !isHead ? response.body : []
    }

    /// Goes on to the next request, or to the end.
    mutating func endAnswer(closes: Bool, at now: MonotonicTime) {
        if closes {
            state = .finishing
            stateDeadline = nil
            buffer.removeAll()
        } else if bodyRemaining > 0 {
            state = .skippingBody
            stateDeadline = now.advanced(by: limits.bodyRateGrace)
        } else {
            readNext(at: now)
        }
    }

    /// Whether the answer about to be sent is the last one, RFC 9112 §9.3 and §9.6.
    private var mustClose: Bool {
        guard let head, !draining, requestCount < limits.requestsPerConnection else { return true }
        switch state {
        case .admitting: return head.closesConnection || head.framing.hasBody
        case .bodyComplete, .computing: return head.closesConnection
        case .refusing(let error):
            guard isContentRead || error.isTemporary && isRestShort else { return true }
            return head.closesConnection
        default: return true
        }
    }

    /// Whether so little is left of the content that dropping it costs less than a new connection.
    ///
    /// It is not where the client waits for `100 Continue`: nobody knows whether it sends content
    /// to a server that has answered, RFC 9110 §10.1.1.
    private var isRestShort: Bool {
        guard let head, head.framing != .chunked, !head.expectsContinue else { return false }
        return bodyRemaining <= limits.skippedBodyBytes
    }
}
