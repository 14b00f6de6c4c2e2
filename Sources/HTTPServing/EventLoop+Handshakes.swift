import HTTPMessages

/// How a loop deals with TLS handshakes.
struct HandshakeRules: Sendable {
    let credentials: TLSCredentials
    let timeout: Duration
    /// Most handshakes in progress on one loop.
    let limit: Int

    init?(_ configuration: HTTPServerConfiguration, loopCount: Int) {
        guard let credentials = configuration.credentials else { return nil }
        self.credentials = credentials
        timeout = configuration.handshakeTimeout
        limit = max(1, configuration.handshakeLimit / loopCount)
    }
}

/// The connections whose handshake is in progress, the oldest first.
struct HandshakeQueue {
    /// Those that have ended since are still in here, until somebody looks.
    private var tokens: [ConnectionToken] = []
    private var first = 0
    /// How many are in progress.
    private(set) var count = 0

    mutating func begin(_ token: ConnectionToken) {
        tokens.append(token)
        count += 1
    }

    mutating func end() {
        count -= 1
    }

    /// Takes the oldest out that is still in progress.
    mutating func removeOldest(where isInProgress: (ConnectionToken) -> Bool) -> ConnectionToken? {
        while first < tokens.count {
            let token = tokens[first]
            first += 1
            if isInProgress(token) { return token }
        }
        return nil
    }

    /// Forgets those that have ended once they are many, so that each costs little.
    mutating func compact(beyond limit: Int, where isInProgress: (ConnectionToken) -> Bool) {
        guard tokens.count > limit else { return }
        tokens = tokens[first...].filter(isInProgress)
        first = 0
    }
}

// MARK: Handshakes of a loop

// A signature takes up to a millisecond of a processor, so what strangers may ask of a loop is
// bounded: in number, in time, and in each round of events, after which those who have come
// further get their turn.
extension EventLoop {
    /// Time for handshakes in a round of events, one step more at most.
    static let handshakeTimePerRound = Duration.milliseconds(1)

    /// The transport of a connection that was just accepted; nil without memory for it.
    func makeTransport(_ socket: consuming Socket) -> Transport? {
        guard let handshakeRules else { return Transport(socket, tls: nil) }
        guard let tls = TLSSession(handshakeRules.credentials.context) else { return nil }
        return Transport(socket, tls: tls)
    }

    /// Starts the clock of a new connection; the oldest handshake gives way when there are too many.
    func handshakeBegins(_ connection: Connection) {
        guard let handshakeRules else { return }
        connection.handshakeDeadline = now.advanced(by: handshakeRules.timeout)
        let isInProgress = { [self] (token: ConnectionToken) in
            self.connection(token)?.handshakeDeadline != nil
        }
        handshakes.compact(beyond: 4 * handshakeRules.limit, where: isInProgress)
        if handshakes.count >= handshakeRules.limit,
            let oldest = handshakes.removeOldest(where: isInProgress),
            let connection = self.connection(oldest)
        {
            handshakeEnded(connection, .displaced)
            close(connection)
        }
        handshakes.begin(connection.token)
    }

    /// Receives for a handshake in progress, and notes when it ends.
    func shakeHands(_ connection: Connection) -> Socket.Transfer {
        let start = MonotonicTime.now
        let transfer = connection.receive(into: &input, plaintext: &plaintext, at: now)
        handshakeTime += MonotonicTime.now.since(start)
        if let outcome = connection.transport.handshakeOutcome {
            handshakeEnded(connection, outcome)
            if connection.transport.failure == nil {
                connection.certificate = connection.transport.peerSubject
            }
        }
        return transfer
    }

    /// Notes what became of a handshake, once.
    func handshakeEnded(_ connection: Connection, _ outcome: TLSOutcome) {
        guard connection.handshakeDeadline != nil else { return }
        connection.handshakeDeadline = nil
        handshakes.end()
        observer?.happened(.tls(outcome, peer: connection.address))
    }

    /// Ends a connection whose TLS cannot go on: the peer gets the alert that says why.
    func endInsecure(_ connection: Connection, _ failure: TLSOutcome) {
        if connection.transport.handshakeOutcome != failure {
            observer?.happened(.tls(failure, peer: connection.address))
        }
        if connection.state.isComputing { cancel(connection) }
        connection.state.abandon()
    }
}
