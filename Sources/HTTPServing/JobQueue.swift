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
    /// Set when nobody waits for the answer any more.
    let cancellation = Cancellation()
}

/// The bounded queue between the loops and the workers.
///
/// A request counts from here until its work ends, not until its client stops waiting. Content is
/// counted from its first byte, while it is still being received: as much as has arrived, never
/// as much as was promised, so that slow uploads reserve nothing they have not sent.
final class JobQueue: Sendable {
    private struct Contents {
        var waiting: [Job] = []
        /// Where the waiting jobs begin; those before are done with.
        var first = 0
        var running = 0
        var isStopping = false

        var waitingCount: Int { waiting.count - first }
    }

    private let limit: Int
    private let limitBytes: Int
    private let workerCount: Int
    private let contents = Mutex(Contents())
    private let byteCount = Atomic<Int>(0)
    private let available = DispatchSemaphore(value: 0)

    init(limit: Int, limitBytes: Int, workerCount: Int) {
        self.limit = limit
        self.limitBytes = limitBytes
        self.workerCount = workerCount
    }

    /// How many jobs wait and run, and how much content they and those being read have.
    var load: (waiting: Int, running: Int, bytes: Int) {
        let (waiting, running) = contents.withLock { ($0.waitingCount, $0.running) }
        return (waiting, running, byteCount.load(ordering: .relaxed))
    }

    /// Whether a request with so many bytes of content would be taken now.
    func hasRoom(forBytes count: Int) -> Bool {
        guard byteCount.load(ordering: .relaxed) <= limitBytes - count else { return false }
        return contents.withLock { $0.waitingCount + $0.running < limit }
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
            guard contents.waitingCount + contents.running < limit, !contents.isStopping else {
                return false
            }
            contents.waiting.append(job)
            return true
        }
        if taken { available.signal() }
        return taken
    }

    /// Takes a waiting job out whose connection is gone; one that runs has to end itself.
    func cancel(_ token: ConnectionToken, number: Int) {
        let bytes = contents.withLock { contents -> Int in
            let index = contents.waiting.indices.dropFirst(contents.first).first {
                contents.waiting[$0].token == token && contents.waiting[$0].number == number
            }
            guard let index else { return 0 }
            return contents.waiting.remove(at: index).request.body.count
        }
        release(bytes: bytes)
    }

    /// Waits for a job, on a worker's thread; nil when the workers are to end.
    ///
    /// - Returns: The job, and how many workers neither compute nor have a job waiting for them.
    func next() -> (job: Job, idleWorkers: Int)? {
        while true {
            available.wait()
            let (job, idle, isStopping) = contents.withLock { contents -> (Job?, Int, Bool) in
                guard contents.waitingCount > 0 else { return (nil, 0, contents.isStopping) }
                let job = contents.waiting[contents.first]
                contents.first += 1
                if contents.waitingCount == 0 {
                    contents.waiting.removeAll(keepingCapacity: true)
                    contents.first = 0
                } else if contents.first >= limit {
                    contents.waiting.removeFirst(contents.first)
                    contents.first = 0
                }
                contents.running += 1
                let idle = workerCount - contents.running - contents.waitingCount
                return (job, max(0, idle), false)
            }
            if let job { return (job, idle) }
            if isStopping { return nil }
        }
    }

    /// Notes that a job's work has ended.
    func finish(bytes: Int) {
        contents.withLock { $0.running -= 1 }
        release(bytes: bytes)
    }

    /// Lets the workers end once nothing waits.
    func stop() {
        contents.withLock { $0.isStopping = true }
        for _ in 0..<workerCount { available.signal() }
    }

    /// Computes job after job until `stop`, on a thread of its own.
    func work(for service: any HTTPService) {
        while let (job, idleWorkers) = next() {
            let start = MonotonicTime.now
            let response = service.compute(
                job.request.request,
                body: job.request.body,
                idleWorkers: idleWorkers,
                cancellation: job.cancellation
            )
            finish(bytes: job.request.body.count)
            var times = WorkTimes()
            times.waiting = start.since(job.submitted)
            times.computing = MonotonicTime.now.since(start)
            job.mailbox.post(.completed(job.token, number: job.number, response, times))
        }
    }
}
