import HTTPMessages

/// What a worker does next.
enum Work {
    case answer(Job)
    case piece(PieceJob)
}

/// Who does what, and when: the rules of a job queue, without threads and clocks.
///
/// As many requests run as there are workers, in the order they came. Work that has run for long
/// makes room: beyond `longWorkTime` for each request that waits it no longer counts, and as many
/// threads again stand by to do what comes behind it, so that a few long requests do not keep all
/// the others waiting. In a long line, whose length is what makes everybody wait, the order is kept
/// for longer: who takes long would else be overtaken by all others. Of requests that are known to
/// take long no more run than there are workers, which leaves those threads to the others.
struct JobSchedule {
    /// What a thread does next.
    enum Step {
        case work(Work)
        /// Wait to be woken; until then at most, if there is something that may be done then.
        case wait(until: MonotonicTime?)
        case end
    }

    private struct Running {
        let begin: MonotonicTime
        let takesLong: Bool
    }

    private var waiting = WaitingLine<Job>()
    private var pieces = WaitingLine<PieceJob>()
    private var lastWasPiece = false
    /// What each thread does; nil where it does nothing.
    private var running: [Running?]
    /// Threads that wait to be woken; the last one, whose memory is still warm, is woken first.
    private var idle: [Int] = []
    /// The thread that waits for work to have run for long, and until when.
    private var standby: (thread: Int, until: MonotonicTime)?
    private var isStopping = false
    private let workerCount: Int
    private let longWorkTime: Duration?

    /// Makes the schedule of some workers.
    ///
    /// - Parameters:
    ///   - workerCount: How many may compute.
    ///   - longWorkTime: How long work may run for each request that waits, before another thread
    ///     helps out; nil for ever.
    init(workerCount: Int, longWorkTime: Duration?) {
        self.workerCount = workerCount
        self.longWorkTime = longWorkTime
        running = Array(repeating: nil, count: longWorkTime == nil ? workerCount : 2 * workerCount)
    }

    var threadCount: Int { running.count }
    var waitingCount: Int { waiting.count }
    /// The request that has waited longest.
    var firstWaiting: Job? { waiting.first }
    private(set) var runningCount = 0
    /// How many workers neither compute nor have work waiting for them.
    var idleWorkers: Int {
        max(0, workerCount - runningCount - waiting.count - pieces.count)
    }

    /// Puts a request at the end.
    ///
    /// - Returns: A thread to wake.
    mutating func append(_ job: consuming Job, at now: MonotonicTime) -> Int? {
        waiting.append(job)
        return threadToWake(at: now)
    }

    /// Puts a piece of an answer at the end.
    ///
    /// - Returns: A thread to wake.
    mutating func append(_ job: consuming PieceJob, at now: MonotonicTime) -> Int? {
        pieces.append(job)
        return threadToWake(at: now)
    }

    /// Takes the request out that is the one, if it still waits.
    mutating func remove(where isTheOne: (Job) -> Bool) -> Job? {
        waiting.remove(where: isTheOne)
    }

    /// Notes that a thread's work has ended.
    mutating func finish(_ thread: Int) {
        running[thread] = nil
        runningCount -= 1
    }

    /// Lets the threads end once nothing waits.
    ///
    /// - Returns: The threads to wake.
    mutating func stop() -> [Int] {
        isStopping = true
        defer { idle.removeAll() }
        return idle + (standby.map { [$0.thread] } ?? [])
    }

    /// What a thread does that has nothing to do.
    ///
    /// - Returns: That, and another thread to wake.
    mutating func next(_ thread: Int, at now: MonotonicTime) -> (step: Step, wake: Int?) {
        // One that was woken late may be listed.
        idle.removeAll { $0 == thread }
        if standby?.thread == thread { standby = nil }
        if let work = take(at: now) {
            running[thread] = Running(begin: now, takesLong: work.takesLong)
            runningCount += 1
            return (.work(work), threadToWake(at: now))
        }
        let end = isStopping && waiting.isEmpty && pieces.isEmpty
        guard !end else { return (.end, idle.popLast() ?? standby?.thread) }
        if standby == nil, let time = nextTime(after: now) {
            standby = (thread, time)
            return (.wait(until: time), nil)
        }
        idle.append(thread)
        return (.wait(until: nil), nil)
    }

    /// A thread for what may be done now; or else one that waits until something may.
    private mutating func threadToWake(at now: MonotonicTime) -> Int? {
        guard !waiting.isEmpty || !pieces.isEmpty else { return nil }
        if mayTake(at: now) { return idle.popLast() ?? standby?.thread }
        guard let time = nextTime(after: now) else { return nil }
        guard let (thread, until) = standby else { return idle.popLast() }
        guard time < until else { return nil }
        // The line has become shorter.
        standby = (thread, time)
        return thread
    }

    private func mayTake(at now: MonotonicTime) -> Bool {
        shortCount(at: now) < workerCount && hasNext
    }

    /// Takes what is next: requests and pieces in turn, where there are both, so that neither
    /// many new requests nor many long answers hold up the other.
    private mutating func take(at now: MonotonicTime) -> Work? {
        guard shortCount(at: now) < workerCount else { return nil }
        if !lastWasPiece, let piece = pieces.removeFirst() {
            lastWasPiece = true
            return .piece(piece)
        }
        if let job = isFullOfLong ? waiting.remove(where: \.isShort) : waiting.removeFirst() {
            lastWasPiece = false
            return .answer(job)
        }
        return pieces.removeFirst().map(Work.piece)
    }

    /// Whether there is something that may be done as soon as a thread has time for it.
    private var hasNext: Bool {
        if !pieces.isEmpty { return true }
        return isFullOfLong ? waiting.contains(where: \.isShort) : !waiting.isEmpty
    }

    /// Whether no more requests may begin that are known to take long.
    private var isFullOfLong: Bool {
        runningCount >= workerCount && running.count { $0?.takesLong == true } >= workerCount
    }

    /// How long work may run before it no longer counts; nil for ever.
    private var patience: Duration? {
        longWorkTime.map { $0 * max(1, waiting.count + pieces.count) }
    }

    /// How much of what runs has not yet run for long.
    private func shortCount(at now: MonotonicTime) -> Int {
        guard let patience else { return runningCount }
        return running.count { running in
            running.map { now.since($0.begin) < patience } ?? false
        }
    }

    /// When the next work will have run for long, if that lets something begin.
    private func nextTime(after now: MonotonicTime) -> MonotonicTime? {
        guard let patience, hasNext, runningCount < running.count else { return nil }
        return running.compactMap { running in
            running.map { $0.begin.advanced(by: patience) }
        }.filter { $0 > now }.min()
    }
}

extension Job {
    /// Whether nothing is known that makes it take long.
    fileprivate var isShort: Bool { !request.context.takesLong }
}

extension Work {
    fileprivate var takesLong: Bool {
        switch self {
        case .answer(let job): !job.isShort
        case .piece: false
        }
    }
}
