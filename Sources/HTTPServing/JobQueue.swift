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
    /// What it counts as among its client's requests.
    var place: ClientRequests.Place?
}

/// The bounded queue between the loops and the workers.
///
/// A request counts from here until its work ends, not until its client stops waiting. Content is
/// counted from its first byte, while it is still being received: as much as has arrived, never
/// as much as was promised, so that slow uploads reserve nothing they have not sent.
final class JobQueue: Sendable {
    private let limit: Int
    private let limitBytes: Int
    private let timeout: Duration
    private let accounts: ClientAccounts?
    private let schedule: Mutex<JobSchedule>
    private let isStopping = Atomic(false)
    private let byteCount = Atomic<Int>(0)
    /// One for each thread, to wake it by.
    private let wakeUps: [DispatchSemaphore]

    /// Makes the queue of some workers.
    ///
    /// - Parameters:
    ///   - limit: Most requests that wait and run.
    ///   - limitBytes: Most content they have.
    ///   - timeout: Longest time a request may wait.
    ///   - accounts: Who pays for the work.
    ///   - workerCount: How many requests are computed at a time.
    ///   - longWorkTime: How long work may run for each request that waits, before another thread
    ///     helps out; nil for ever.
    init(
        limit: Int,
        limitBytes: Int,
        timeout: Duration,
        accounts: ClientAccounts?,
        workerCount: Int,
        longWorkTime: Duration?
    ) {
        self.limit = limit
        self.accounts = accounts
        self.timeout = timeout
        self.limitBytes = limitBytes
        let schedule = JobSchedule(workerCount: workerCount, longWorkTime: longWorkTime)
        wakeUps = (0..<schedule.threadCount).map { _ in DispatchSemaphore(value: 0) }
        self.schedule = Mutex(schedule)
    }

    /// How many threads are to `work`.
    var threadCount: Int { wakeUps.count }

    /// How many jobs wait and run, and how much content they and those being read have.
    var load: (waiting: Int, running: Int, bytes: Int) {
        let (waiting, running) = schedule.withLock { ($0.waitingCount, $0.runningCount) }
        return (waiting, running, byteCount.load(ordering: .relaxed))
    }

    /// Whether a request with so many bytes of content would be taken now.
    func hasRoom(forBytes count: Int, at now: MonotonicTime) -> Bool {
        guard byteCount.load(ordering: .relaxed) <= limitBytes - count else { return false }
        return schedule.withLock { schedule in
            guard schedule.waitingCount + schedule.runningCount < limit else { return false }
            guard let first = schedule.firstWaiting else { return true }
            return now.since(first.submitted) < timeout
        }
    }

    /// Whether more is held than may be.
    var isOverfull: Bool { byteCount.load(ordering: .relaxed) > limitBytes }

    /// Counts content that has arrived or waits to be sent; false when that is too much.
    func reserve(bytes count: Int) -> Bool {
        byteCount.wrappingAdd(count, ordering: .relaxed).newValue <= limitBytes
    }

    /// Forgets content that was counted.
    func release(bytes count: Int) {
        byteCount.wrappingSubtract(count, ordering: .relaxed)
    }

    /// Puts a job at the end, its content already counted; false when the queue is full.
    func submit(_ job: consuming Job) -> Bool {
        guard !isStopping.load(ordering: .relaxed) else { return false }
        let (taken, thread) = schedule.withLock { [job] schedule -> (Bool, Int?) in
            guard schedule.waitingCount + schedule.runningCount < limit else {
                return (false, nil)
            }
            return (true, schedule.append(job, at: .now))
        }
        wake(thread)
        return taken
    }

    /// Asks for a piece of an answer that has begun, which is never refused; each connection asks
    /// for one at a time.
    func submit(_ job: PieceJob) {
        wake(schedule.withLock { [job] schedule in schedule.append(job, at: .now) })
    }

    private func wake(_ thread: Int?) {
        if let thread { wakeUps[thread].signal() }
    }

    /// Takes a waiting job out whose connection is gone; one that runs has to end itself.
    func cancel(_ token: ConnectionToken, number: Int) {
        let job = schedule.withLock { schedule in
            schedule.remove { $0.token == token && $0.number == number }
        }
        release(bytes: job?.request.body.count ?? 0)
    }

    /// Waits for work, on a thread of its own; nil when the threads are to end.
    ///
    /// - Returns: The work, and how many workers neither compute nor have work waiting for them.
    private func next(_ thread: Int) -> (work: Work, idleWorkers: Int)? {
        while true {
            let (step, other, idle) = schedule.withLock { schedule in
                let (step, other) = schedule.next(thread, at: .now)
                return (step, other, schedule.idleWorkers)
            }
            wake(other)
            switch step {
            case .work(let work): return (work, idle)
            case .end: return nil
            case .wait(until: nil): wakeUps[thread].wait()
            case .wait(until: let time?):
                let rest = Int(clamping: Int64(time.since(.now) / .nanoseconds(1)))
                _ = wakeUps[thread].wait(timeout: .now() + .nanoseconds(rest))
            }
        }
    }

    /// Notes that a thread's work has ended.
    private func finish(_ thread: Int, bytes: Int) {
        schedule.withLock { $0.finish(thread) }
        release(bytes: bytes)
    }

    /// Lets the threads end once nothing waits.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        for thread in schedule.withLock({ $0.stop() }) { wake(thread) }
    }

    /// Does what there is to do until `stop`.
    ///
    /// - Parameters:
    ///   - service: Who answers.
    ///   - thread: Which of the threads it is that asks, below `threadCount`.
    func work(for service: any HTTPService, thread: Int) {
        while let (work, idleWorkers) = next(thread) {
            switch work {
            case .answer(let job): answer(job, service, thread, idleWorkers: idleWorkers)
            case .piece(let job):
                let start = MonotonicTime.now
                let piece = job.makePiece()
                finish(thread, bytes: 0)
                charge(job.client, since: start)
                job.mailbox.post(.pieceMade(job.token, number: job.number, piece))
            }
        }
    }

    private func charge(_ client: ClientAccounts.Client, since start: MonotonicTime) {
        let now = MonotonicTime.now
        accounts?.charge(now.since(start), to: client, at: now)
    }

    private func answer(
        _ job: Job,
        _ service: any HTTPService,
        _ thread: Int,
        idleWorkers: Int
    ) {
        let start = MonotonicTime.now
        // Answers that wait for their clients may have taken the room for one more.
        guard start.since(job.submitted) < timeout, !isOverfull else {
            finish(thread, bytes: job.request.body.count)
            job.place?.giveBack()
            job.mailbox.post(.waitedTooLong(job.token, number: job.number))
            return
        }
        let response = service.compute(
            job.request,
            idleWorkers: idleWorkers,
            cancellation: job.cancellation
        )
        finish(thread, bytes: job.request.body.count)
        charge(job.client, since: start)
        // What is streamed has only begun.
        if response.stream == nil { job.place?.giveBack() }
        var times = WorkTimes()
        times.waiting = start.since(job.submitted)
        times.computing = MonotonicTime.now.since(start)
        job.mailbox.post(.completed(job.token, number: job.number, response, times))
    }
}
