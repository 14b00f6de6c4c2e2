import Dispatch
import HTTPMessages
import Synchronization

/// A request whose content is complete and whose answer has to be computed.
struct Job: Sendable {
    let request: AdmittedRequest
    let token: ConnectionToken
    /// Which of the connection's requests this is.
    let number: Int
    /// Where the answer goes.
    let mailbox: LoopMailbox
    /// When it was handed over.
    let submitted: MonotonicTime
    /// For whom it is done.
    let client: ClientAccounts.Client
    /// Set when nobody waits for the answer any more.
    let cancellation = Cancellation()
}

/// What a worker does next.
private enum Work {
    case answer(Job)
    case piece(PieceJob)
}

/// The bounded queue between the loops and the workers.
///
/// A request counts from here until its work ends, not until its client stops waiting. Content is
/// counted from its first byte, while it is still being received: as much as has arrived, never
/// as much as was promised, so that slow uploads reserve nothing they have not sent.
final class JobQueue: Sendable {
    private struct Contents {
        var waiting = WaitingLine<Job>()
        var pieces = WaitingLine<PieceJob>()
        var lastWasPiece = false
        var running = 0
        var isStopping = false

        /// Takes what is next: requests and pieces in turn, where there are both, so that neither
        /// many new requests nor many long answers hold up the other.
        mutating func takeFirst() -> Work? {
            if !pieces.isEmpty, !lastWasPiece || waiting.isEmpty {
                lastWasPiece = true
                return pieces.removeFirst().map(Work.piece)
            }
            lastWasPiece = false
            return waiting.removeFirst().map(Work.answer)
        }
    }

    private let limit: Int
    private let limitBytes: Int
    private let workerCount: Int
    private let timeout: Duration
    private let accounts: ClientAccounts?
    private let contents = Mutex(Contents())
    private let byteCount = Atomic<Int>(0)
    private let available = DispatchSemaphore(value: 0)

    init(
        limit: Int,
        limitBytes: Int,
        timeout: Duration,
        accounts: ClientAccounts?,
        workerCount: Int
    ) {
        self.limit = limit
        self.accounts = accounts
        self.timeout = timeout
        self.limitBytes = limitBytes
        self.workerCount = workerCount
    }

    /// How many jobs wait and run, and how much content they and those being read have.
    var load: (waiting: Int, running: Int, bytes: Int) {
        let (waiting, running) = contents.withLock { ($0.waiting.count, $0.running) }
        return (waiting, running, byteCount.load(ordering: .relaxed))
    }

    /// Whether a request with so many bytes of content would be taken now.
    func hasRoom(forBytes count: Int, at now: MonotonicTime) -> Bool {
        guard byteCount.load(ordering: .relaxed) <= limitBytes - count else { return false }
        return contents.withLock { contents in
            guard contents.waiting.count + contents.running < limit else { return false }
            guard let first = contents.waiting.first else { return true }
            return now.since(first.submitted) < timeout
        }
    }

    /// Counts content that has arrived; false when that is too much.
    func reserve(bytes count: Int) -> Bool {
        byteCount.wrappingAdd(count, ordering: .relaxed).newValue <= limitBytes
    }

    /// Forgets content that was counted.
    func release(bytes count: Int) {
        byteCount.wrappingSubtract(count, ordering: .relaxed)
    }

    /// Puts a job at the end, its content already counted; false when the queue is full.
    func submit(_ job: consuming Job) -> Bool {
        let taken = contents.withLock { [job] contents in
            guard contents.waiting.count + contents.running < limit, !contents.isStopping else {
                return false
            }
            contents.waiting.append(job)
            return true
        }
        if taken { available.signal() }
        return taken
    }

    /// Asks for a piece of an answer that has begun, which is never refused; each connection asks
    /// for one at a time.
    func submit(_ job: PieceJob) {
        contents.withLock { $0.pieces.append(job) }
        available.signal()
    }

    /// Takes a waiting job out whose connection is gone; one that runs has to end itself.
    func cancel(_ token: ConnectionToken, number: Int) {
        let bytes = contents.withLock { contents -> Int in
            contents.waiting.remove { $0.token == token && $0.number == number }?.request.body.count
                ?? 0
        }
        release(bytes: bytes)
    }

    /// Waits for work, on a worker's thread; nil when the workers are to end.
    ///
    /// - Returns: The work, and how many workers neither compute nor have work waiting for them.
    private func next() -> (work: Work, idleWorkers: Int)? {
        while true {
            available.wait()
            let (work, idle, isStopping) = contents.withLock { contents -> (Work?, Int, Bool) in
                guard let work = contents.takeFirst() else { return (nil, 0, contents.isStopping) }
                contents.running += 1
                let busy = contents.running + contents.waiting.count + contents.pieces.count
                return (work, max(0, workerCount - busy), false)
            }
            if let work { return (work, idle) }
            if isStopping { return nil }
        }
    }

    /// Notes that a job's work has ended.
    private func finish(bytes: Int) {
        contents.withLock { $0.running -= 1 }
        release(bytes: bytes)
    }

    /// Lets the workers end once nothing waits.
    func stop() {
        contents.withLock { $0.isStopping = true }
        for _ in 0..<workerCount { available.signal() }
    }

    /// Does what there is to do until `stop`, on a thread of its own.
    func work(for service: any HTTPService) {
        while let (work, idleWorkers) = next() {
            switch work {
            case .answer(let job): answer(job, service, idleWorkers: idleWorkers)
            case .piece(let job):
                let start = MonotonicTime.now
                let piece = job.makePiece()
                finish(bytes: 0)
                charge(job.client, since: start)
                job.mailbox.post(.pieceMade(job.token, number: job.number, piece))
            }
        }
    }

    private func charge(_ client: ClientAccounts.Client, since start: MonotonicTime) {
        let now = MonotonicTime.now
        accounts?.charge(now.since(start), to: client, at: now)
    }

    private func answer(_ job: Job, _ service: any HTTPService, idleWorkers: Int) {
        let start = MonotonicTime.now
        guard start.since(job.submitted) < timeout else {
            finish(bytes: job.request.body.count)
            job.mailbox.post(.waitedTooLong(job.token, number: job.number))
            return
        }
        let response = service.compute(
            job.request,
            idleWorkers: idleWorkers,
            cancellation: job.cancellation
        )
        finish(bytes: job.request.body.count)
        charge(job.client, since: start)
        var times = WorkTimes()
        times.waiting = start.since(job.submitted)
        times.computing = MonotonicTime.now.since(start)
        job.mailbox.post(.completed(job.token, number: job.number, response, times))
    }
}
