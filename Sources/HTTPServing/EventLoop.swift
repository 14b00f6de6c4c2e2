import Dispatch
import Glibc
import HTTPMessages
import Synchronization

/// What a loop is made of, handed to its thread.
final class LoopParts: Sendable {
    let service: any HTTPService
    let observer: (any HTTPServerObserver)?
    let priority: IOPriority
    let limits: HTTPLimits
    let handshakes: HandshakeRules?
    let queue: JobQueue
    let heldAnswerTime: Duration
    let accounts: ClientAccounts?
    let clientRequests: ClientRequests?
    let failedKeys: FailedKeys?
    let ledger: ConnectionLedger
    let mailboxes: [LoopMailbox]
    /// Which of the mailboxes is the loop's own.
    let index: Int
    let listener: Mutex<Listener?>

    init(
        service: any HTTPService,
        observer: (any HTTPServerObserver)?,
        priority: IOPriority,
        limits: HTTPLimits,
        handshakes: HandshakeRules?,
        queue: JobQueue,
        heldAnswerTime: Duration,
        accounts: ClientAccounts?,
        clientRequests: ClientRequests?,
        failedKeys: FailedKeys?,
        ledger: ConnectionLedger,
        mailboxes: [LoopMailbox],
        index: Int,
        listener: consuming sending Listener?
    ) {
        self.service = service
        self.observer = observer
        self.priority = priority
        self.limits = limits
        self.handshakes = handshakes
        self.queue = queue
        self.heldAnswerTime = heldAnswerTime
        self.accounts = accounts
        self.clientRequests = clientRequests
        self.failedKeys = failedKeys
        self.ledger = ledger
        self.mailboxes = mailboxes
        self.index = index
        self.listener = Mutex(listener)
    }
}

/// One I/O thread: an epoll set, the connections in it, their timers and their buffers.
///
/// A connection belongs to one loop from accept to close, so nothing in here is locked; other
/// threads reach a loop through its mailbox.
final class EventLoop {
    private enum Key {
        static let listener = UInt64.max
        static let wakeUp = UInt64.max - 1
    }

    struct Slot {
        var generation: UInt32 = 0
        var connection: Connection?
    }

    let service: any HTTPService
    let observer: (any HTTPServerObserver)?
    let limits: HTTPLimits
    let queue: JobQueue
    /// How long an answer may wait for its client while too much is held.
    let heldAnswerTime: Duration
    let accounts: ClientAccounts?
    let clientRequests: ClientRequests?
    let failedKeys: FailedKeys?
    let ledger: ConnectionLedger
    let mailbox: LoopMailbox
    var serializer: ResponseSerializer
    var now = MonotonicTime.now
    var slots: [Slot] = []
    var freeSlots: [UInt32] = []
    var connectionCount = 0
    var timers = TimerHeap()
    var drainDeadline: MonotonicTime?
    /// The requests of this round of events that are complete.
    var admitted: [Job] = []
    /// Names for requests that bring none, and for spans.
    var randomNumbers = RandomSequence()
    var input = [UInt8](repeating: 0, count: 65_536)
    /// What a record of `input` means.
    var plaintext = [UInt8](repeating: 0, count: TLSSession.recordBytes)
    /// Nil where connections are not encrypted.
    let handshakeRules: HandshakeRules?
    var handshakes = HandshakeQueue()
    /// Spent on handshakes in this round of events.
    var handshakeTime = Duration.zero

    /// All loops; the one that listens deals connections out in turn.
    private let mailboxes: [LoopMailbox]
    private let events = EventBuffer()
    private var listener: Listener?
    private var listenerPause: MonotonicTime?
    private var nextMailbox = 0
    private var priority: LoopPriority

    /// Makes a loop of its parts, on the thread that will run it.
    init(_ parts: LoopParts) {
        service = parts.service
        observer = parts.observer
        limits = parts.limits
        handshakeRules = parts.handshakes
        serializer = ResponseSerializer(isSecure: parts.handshakes != nil)
        queue = parts.queue
        heldAnswerTime = parts.heldAnswerTime
        accounts = parts.accounts
        clientRequests = parts.clientRequests
        failedKeys = parts.failedKeys
        ledger = parts.ledger
        mailboxes = parts.mailboxes
        mailbox = parts.mailboxes[parts.index]
        listener = parts.listener.withLock { $0.take() }
        priority = LoopPriority(parts.priority, at: now)
    }

    /// Serves until drained.
    ///
    /// - Returns: Whether every connection came to its end; false when some were cut off.
    func run() -> Bool {
        // The thread is used for something else afterwards.
        defer { priority.giveUp() }
        _ = mailbox.epoll.add(mailbox.wakeUp.descriptor, .input, key: Key.wakeUp)
        resumeListening()
        while true {
            let count = mailbox.epoll.wait(into: events, milliseconds: waitingTime())
            now = .now
            priority.review(at: now)
            handshakeTime = .zero
            serializer.setTime(secondsSinceEpoch: secondsSinceEpoch())
            var hasMessages = false
            for index in 0..<count {
                let (key, readiness) = events[index]
                switch key {
                case Key.listener: acceptWaiting()
                case Key.wakeUp: hasMessages = true
                default: connectionIsReady(ConnectionToken(key: key), readiness)
                }
            }
            // After the requests, most of which take less time than the answer to a computed one.
            if hasMessages { for message in mailbox.takeAll() { take(message) } }
            expireTimers()
            if !admitted.isEmpty { answerAdmitted() }
            if let listenerPause, listenerPause <= now { resumeListening() }
            if let drainDeadline {
                if connectionCount == 0 { return true }
                if drainDeadline <= now {
                    closeAll()
                    return false
                }
            }
        }
    }

    /// Milliseconds until something is due, rounded up; negative when nothing is.
    private func waitingTime() -> Int32 {
        var due = MonotonicTime(nanoseconds: .max)
        if let first = timers.first { due = min(due, first.time) }
        if let listenerPause { due = min(due, listenerPause) }
        if let drainDeadline { due = min(due, drainDeadline) }
        guard due.nanoseconds != .max else { return -1 }
        now = .now
        guard due > now else { return 0 }
        return Int32(clamping: (due.nanoseconds - now.nanoseconds) / 1_000_000 + 1)
    }

    private func take(_ message: LoopMessage) {
        switch message {
        case .adopt(let raw, let address, let isRestricted):
            add(Socket(owning: raw), address, isRestricted: isRestricted)
        case .completed(let token, let number, let response, let times):
            completed(token, number: number, response, times)
        case .respond(let group):
            group.leave()
        case .waitedTooLong(let token, let number):
            waitedTooLong(token, number: number)
        case .pieceMade(let token, let number, let piece):
            pieceMade(token, number: number, piece)
        case .drain(let deadline):
            beginDrain(until: deadline)
        }
    }

    private func beginDrain(until deadline: MonotonicTime) {
        drainDeadline = min(deadline, drainDeadline ?? deadline)
        listener = nil
        listenerPause = nil
        for slot in slots {
            guard let connection = slot.connection else { continue }
            connection.state.beginDrain()
            advance(connection)
        }
    }

    private func closeAll() {
        for slot in slots {
            if let connection = slot.connection { close(connection) }
        }
    }

    private func expireTimers() {
        while let first = timers.first, first.time <= now, let entry = timers.removeFirst() {
            guard let connection = connection(entry.token), connection.scheduled == entry.time
            else { continue }
            connection.scheduled = nil
            if let due = connection.probeDue, due <= now { probe(connection) }
            if let due = connection.holdDue, due <= now { reviewHold(connection) }
            guard !connection.isClosed else { continue }
            if let deadline = connection.handshakeDeadline, deadline <= now {
                handshakeEnded(connection, .timeout)
                close(connection)
            } else if connection.handshakeDeadline == nil,
                let deadline = connection.state.deadline, deadline <= now
            {
                connection.state.expire(at: now)
                advance(connection)
            } else {
                schedule(connection)
            }
        }
    }
}

// MARK: Accepting

extension EventLoop {
    /// Accepts at most 64 connections, so that those already here get their turn.
    private func acceptWaiting() {
        for _ in 0..<64 {
            guard listener != nil else { return }
            guard ledger.hasRoom else {
                pauseListening()
                return
            }
            switch listener?.accept() ?? .none {
            case .accepted(let raw, let address): deal(raw, address)
            case .none: return
            case .aborted(let code):
                observer?.happened(.acceptFailed(code: code))
            case .exhausted(let code):
                observer?.happened(.acceptFailed(code: code))
                listener?.shedOne()
                pauseListening()
                return
            }
        }
    }

    private func deal(_ raw: Int32, _ address: PeerAddress) {
        let verdict = ledger.admit(address)
        guard verdict != .refused else {
            _ = Descriptor(owning: raw)
            observer?.happened(.refused)
            return
        }
        let isRestricted = verdict == .restricted
        let target = mailboxes[nextMailbox]
        nextMailbox = (nextMailbox + 1) % mailboxes.count
        if target === mailbox {
            add(Socket(owning: raw), address, isRestricted: isRestricted)
        } else {
            target.post(.adopt(raw, address, isRestricted: isRestricted))
        }
    }

    /// Stops listening for 100 ms: without descriptors the backlog would stay readable for ever.
    private func pauseListening() {
        guard let target = listener.take() else { return }
        mailbox.epoll.remove(target.descriptor)
        listener = consume target
        listenerPause = now.advanced(by: .milliseconds(100))
    }

    private func resumeListening() {
        listenerPause = nil
        guard let target = listener.take() else { return }
        _ = mailbox.epoll.add(target.descriptor, .input, key: Key.listener)
        listener = consume target
    }

    /// Gives a new connection a slot; one that cannot be watched is closed.
    private func add(_ socket: consuming Socket, _ address: PeerAddress, isRestricted: Bool) {
        guard drainDeadline == nil, let transport = makeTransport(socket) else {
            ledger.release(address)
            return
        }
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if Int(slot) == slots.count { slots.append(Slot()) }
        let token = ConnectionToken(slot: slot, generation: slots[Int(slot)].generation)
        let connection = Connection(
            transport: transport,
            token: token,
            address: address,
            isRestricted: isRestricted,
            state: ConnectionState(limits: limits, at: now),
            at: now
        )
        slots[Int(slot)].connection = connection
        connectionCount += 1
        observer?.happened(.opened)
        guard
            mailbox.epoll.add(
                connection.transport.socket.descriptor,
                connection.interest,
                key: token.key
            )
        else {
            close(connection)
            return
        }
        if handshakeRules != nil { handshakeBegins(connection) }
        schedule(connection)
    }
}
