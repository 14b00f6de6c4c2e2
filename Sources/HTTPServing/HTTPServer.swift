import CSystemEvents
import Dispatch
import Glibc
public import HTTPMessages
import Synchronization

/// An HTTP/1.1 server over a service: I/O loops, a bounded queue and the workers behind it.
///
///     let server = HTTPServer(configuration: configuration, service: service)
///     print("listening on \(try server.start())")
///     …
///     let finished = server.drain(within: .seconds(20))
///
/// A loop is one thread with an epoll set; it parses, admits, and gives direct answers and such
/// that need little work itself. A worker is one thread that computes. The threads are long-lived
/// serial Dispatch queues, made once; connections are never Dispatch objects. From `start` on SIGPIPE
/// is ignored for the whole process, the limit on open descriptors is raised as far as it goes, and
/// memory of long messages goes back to the system.
public final class HTTPServer: Sendable {
    private struct Running {
        let mailboxes: [LoopMailbox]
        let queue: JobQueue
        let ledger: ConnectionLedger
    }

    private enum Lifecycle {
        case new
        case running(Running)
    }

    private let configuration: HTTPServerConfiguration
    private let service: any HTTPService
    private let observer: (any HTTPServerObserver)?
    private let lifecycle = Mutex(Lifecycle.new)
    private let wasCutOff = Atomic(false)
    /// Loops that run, and workers that run.
    private let loops = DispatchGroup()
    private let workers = DispatchGroup()

    /// Makes a server; nothing is opened before `start`.
    public init(
        configuration: HTTPServerConfiguration,
        service: any HTTPService,
        observer: (any HTTPServerObserver)? = nil
    ) {
        self.configuration = configuration
        self.service = service
        self.observer = observer
    }

    /// How busy the server is; not at all before `start`.
    public var load: HTTPServerLoad {
        var load = HTTPServerLoad()
        load.queueLimit = configuration.queueLimit
        lifecycle.withLock { lifecycle in
            guard case .running(let running) = lifecycle else { return }
            load.connections = running.ledger.count
            (load.waiting, load.running, load.queueBytes) = running.queue.load
        }
        return load
    }

    /// Binds, listens and begins to serve.
    ///
    /// - Returns: The address clients can use, with the port the system chose if 0 was asked for.
    /// - Throws: What kept the server from listening, or `alreadyStarted`.
    public func start() throws(HTTPServerError) -> BoundAddress {
        try lifecycle.withLock { (lifecycle) throws(HTTPServerError) in
            guard case .new = lifecycle else { throw .alreadyStarted }
            let (running, address) = try launch()
            lifecycle = .running(running)
            return address
        }
    }

    /// Stops accepting, closes idle connections, and finishes what is in progress.
    ///
    /// Every answer from now on says `Connection: close`. May be called again, also from another
    /// thread, to shorten the time; a server that never started is drained at once.
    ///
    /// - Parameter time: How long requests in progress may take; after it they are cut off.
    /// - Returns: Whether all requests were finished.
    public func drain(within time: Duration) -> Bool {
        let running = lifecycle.withLock { lifecycle -> Running? in
            guard case .running(let running) = lifecycle else { return nil }
            return running
        }
        guard let running else { return true }
        let deadline = MonotonicTime.now.advanced(by: time)
        for mailbox in running.mailboxes { mailbox.post(.drain(until: deadline)) }
        loops.wait()
        running.queue.stop()
        let finished = !wasCutOff.load(ordering: .acquiring)
        // One that was cut off and does not look at its cancellation ends with the process.
        if finished { workers.wait() }
        return finished
    }

    /// Waits until the server has been drained from another thread.
    ///
    /// - Returns: Whether all requests were finished.
    public func waitUntilStopped() -> Bool {
        loops.wait()
        return !wasCutOff.load(ordering: .acquiring)
    }

    /// Whether every loop takes up a message within some time; false before `start`.
    public func loopsRespond(within time: Duration) -> Bool {
        let running = lifecycle.withLock { lifecycle -> Running? in
            guard case .running(let running) = lifecycle else { return nil }
            return running
        }
        guard let running else { return false }
        let answers = DispatchGroup()
        for mailbox in running.mailboxes {
            answers.enter()
            mailbox.post(.respond(answers))
        }
        let nanoseconds = Int(clamping: Int64(time / .nanoseconds(1)))
        return answers.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success
    }

    private func launch() throws(HTTPServerError) -> (Running, BoundAddress) {
        _ = signal(SIGPIPE, SIG_IGN)
        return_large_blocks()
        let descriptors = raiseDescriptorLimit()
        let processors = availableProcessors()
        let loopCount = max(1, configuration.loopCount ?? min(4, processors / 4))
        let workerCount = max(1, configuration.workerCount ?? processors)
        let accounts = configuration.clientBudget.map(ClientAccounts.init)
        let clientRequests = configuration.clientRequestLimit.map(ClientRequests.init)
        let failedKeys = configuration.failedKeyLimit.map(FailedKeys.init)
        let queue = JobQueue(
            limit: configuration.queueLimit,
            limitBytes: configuration.queueLimitBytes,
            timeout: configuration.queueTimeout,
            accounts: accounts,
            workerCount: workerCount,
            longWorkTime: configuration.longWorkTime
        )
        let ledger = ConnectionLedger(
            limit: max(1, min(configuration.connectionLimit, descriptors - 128)),
            limitPerAddress: configuration.connectionLimitPerAddress
        )
        // All that can fail comes before the first thread.
        var mailboxes: [LoopMailbox] = []
        for _ in 0..<loopCount { mailboxes.append(try LoopMailbox()) }
        let listener = try Listener.make(configuration)
        let address = listener.address
        var door: Listener? = consume listener
        for index in mailboxes.indices {
            let parts = LoopParts(
                service: service,
                observer: observer,
                priority: configuration.ioPriority,
                limits: configuration.limits,
                handshakes: HandshakeRules(configuration, loopCount: loopCount),
                queue: queue,
                heldAnswerTime: configuration.heldAnswerTime,
                accounts: accounts,
                clientRequests: clientRequests,
                failedKeys: failedKeys,
                ledger: ledger,
                mailboxes: mailboxes,
                index: index,
                listener: door.take()
            )
            // A quality above the default takes privileges, and the system's log would tell of their
            // lack; the loop sets its own priority.
            run(on: "posterior-loop-\(index)", .default, in: loops) { [self] in
                let loop = EventLoop(parts)
                if !loop.run() { wasCutOff.store(true, ordering: .releasing) }
            }
        }
        for index in 0..<queue.threadCount {
            run(on: "posterior-worker-\(index)", .utility, in: workers) { [service] in
                giveWay()
                queue.work(for: service, thread: index)
            }
        }
        return (Running(mailboxes: mailboxes, queue: queue, ledger: ledger), address)
    }

    private func run(
        on label: String,
        _ priority: DispatchQoS,
        in group: DispatchGroup,
        _ body: @escaping @Sendable () -> Void
    ) {
        group.enter()
        DispatchQueue(label: label, qos: priority).async {
            body()
            group.leave()
        }
    }
}
