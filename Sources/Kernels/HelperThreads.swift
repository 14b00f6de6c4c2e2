import Dispatch
import Glibc
import Synchronization

/// Threads that help with tiles, one fewer than there are processors.
///
/// Waking a sleeping thread takes 50 to 200 µs on a virtual machine, as long as a third of a call.
/// A helper that has nothing to do therefore looks for work for a while, giving its processor to
/// anyone who wants it, before it sleeps: calls in quick succession find it awake. With
/// `concurrentPerform` in this place two processors were no faster than one for calls below 1 ms.
final class HelperThreads: Sendable {
    /// The helpers of this process, started by the first call that wants one.
    static let shared = HelperThreads(
        count: min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1, 1), 255)
    )

    /// How long a helper looks for work before it sleeps: longer than what one call does between
    /// its parallel parts.
    private static let patience: Duration = .milliseconds(1)

    private struct State {
        var jobs: [TileJob] = []
        var sleepers = 0
    }

    private let state = Mutex(State())
    /// Counts the jobs that were ever posted: what a waking helper watches.
    private let posted = Atomic(0)
    private let wake = DispatchSemaphore(value: 0)
    private let queues: [DispatchQueue]

    private init(count: Int) {
        queues = (0..<count).map { DispatchQueue(label: "tile-helper-\($0)") }
        // Helpers give way to others as whoever computes first does.
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        let priority = getpriority(process, 0)
        for queue in queues {
            queue.async {
                _ = setpriority(process, 0, priority)
                self.help()
            }
        }
    }

    /// Runs a job on the calling thread and on helpers that are free; returns when it is done.
    func run(_ job: TileJob) {
        let woken = state.withLock { state in
            state.jobs.append(job)
            posted.add(1, ordering: .releasing)
            let woken = min(state.sleepers, job.helpers)
            state.sleepers -= woken
            return woken
        }
        for _ in 0..<woken { wake.signal() }
        job.runTiles()
        // No one joins a job that is not listed.
        state.withLock { state in state.jobs.removeAll { $0 === job } }
        while job.isActive { sched_yield() }
    }

    /// What a helper does all its life.
    private func help() {
        while true {
            let seen = posted.load(ordering: .acquiring)
            if let job = state.withLock({ state in state.jobs.first { $0.join() } }) {
                job.runTiles()
                job.leave()
                continue
            }
            if isPosted(since: seen) { continue }
            let sleeps = state.withLock { state in
                guard posted.load(ordering: .acquiring) == seen else { return false }
                state.sleepers += 1
                return true
            }
            if sleeps { wake.wait() }
        }
    }

    /// Waits a while for a job.
    private func isPosted(since seen: Int) -> Bool {
        let deadline = ContinuousClock.now + Self.patience
        while posted.load(ordering: .acquiring) == seen {
            guard ContinuousClock.now < deadline else { return false }
            sched_yield()
        }
        return true
    }
}
