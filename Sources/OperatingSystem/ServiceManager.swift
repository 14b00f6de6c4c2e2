import Dispatch
import Glibc
import Synchronization

/// What systemd is told, and what it hands over: sd_notify(3) and sd_listen_fds(3) without its
/// library.
public enum ServiceManager {
    /// Sends a state, such as `READY=1`; nothing happens where no manager listens.
    ///
    /// - Returns: Whether it was sent.
    @discardableResult
    public static func notify(_ state: String) -> Bool {
        guard let path = ProcessEnvironment.value("NOTIFY_SOCKET"), path.utf8.count > 1 else {
            return false
        }
        return DatagramSocket()?.send(Array(state.utf8), to: path) ?? false
    }

    /// How often the manager wants to hear `WATCHDOG=1` at the least; nil when it does not.
    public static var watchdogInterval: Duration? {
        guard let text = ProcessEnvironment.value("WATCHDOG_USEC"), let time = Int64(text),
            time > 0
        else { return nil }
        if let process = ProcessEnvironment.value("WATCHDOG_PID"), Int32(process) != getpid() {
            return nil
        }
        return .microseconds(time)
    }

    /// The microseconds of the clock that `MONOTONIC_USEC` is about.
    public static var monotonicMicroseconds: Int64 {
        Int64(clamping: DispatchTime.now().uptimeNanoseconds / 1_000)
    }

    private static let areListenersTaken = Atomic(false)

    /// The listening sockets that were handed over, in order; none the second time, since they have
    /// an owner then.
    public static func takeListeners() -> [Int32] {
        guard !areListenersTaken.exchange(true, ordering: .relaxed) else { return [] }
        guard let process = ProcessEnvironment.value("LISTEN_PID"), Int32(process) == getpid(),
            let text = ProcessEnvironment.value("LISTEN_FDS"), let count = Int32(text),
            (1...64).contains(count)
        else { return [] }
        let descriptors = Array(3..<3 + count)
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptors
    }
}
