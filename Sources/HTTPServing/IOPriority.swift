import CSystemEvents
package import HTTPMessages

/// How the threads that read and write are scheduled.
public enum IOPriority: String, Sendable, CaseIterable {
    /// Before all threads without real-time priority, where the system allows it.
    case realTime = "real-time"
    /// Like other threads.
    case normal
}

/// The priority of a loop's thread, kept in line with how much of a processor it takes.
///
/// A page takes a loop 30 µs. While every processor computes, one of 30 times its thread waits for
/// one for more than a millisecond, however low the priority of those that compute: the kernel looks
/// for who is next at its ticks. A thread with real-time priority, sched(7), waits for 0.08 ms at
/// most (perf sched, `Tests/Load/mixed.py`). It is the lowest there is, and a loop that is busy for
/// half of the time does without, so that no flood of requests keeps a machine from other work, and
/// no kernel has to stop the loop for that (`sched_rt_runtime_us`).
struct LoopPriority {
    private var isWanted: Bool
    private var isRealTime = false
    private var share: ProcessorShare

    init(_ wanted: IOPriority, at now: MonotonicTime) {
        isWanted = wanted == .realTime
        share = ProcessorShare(at: now, used: processorTime())
        take()
    }

    /// Sets the priority anew if it is time for that, on the loop's thread.
    mutating func review(at now: MonotonicTime) {
        guard isWanted, share.isDue(at: now) else { return }
        if share.isHigh(at: now, used: processorTime()) {
            giveUp()
        } else if !isRealTime {
            take()
        }
    }

    /// Has the thread scheduled like others again.
    mutating func giveUp() {
        guard isRealTime else { return }
        isRealTime = !set_real_time(false)
    }

    private mutating func take() {
        guard isWanted else { return }
        isRealTime = set_real_time(true)
        // What is not allowed is not going to be.
        isWanted = isRealTime
    }
}

/// How much of a processor a thread has taken, window by window.
package struct ProcessorShare {
    private static let window = Duration.milliseconds(100)

    private var start: MonotonicTime
    private var used: Duration

    /// Begins the first window of a thread that has used so much processor time.
    package init(at now: MonotonicTime, used: Duration) {
        start = now
        self.used = used
    }

    /// Whether the window is over.
    package func isDue(at now: MonotonicTime) -> Bool { now.since(start) >= Self.window }

    /// Ends the window and begins the next one.
    ///
    /// - Returns: Whether the thread took more than half of a processor.
    package mutating func isHigh(at now: MonotonicTime, used: Duration) -> Bool {
        defer { self = ProcessorShare(at: now, used: used) }
        return (used - self.used) * 2 > now.since(start)
    }
}
