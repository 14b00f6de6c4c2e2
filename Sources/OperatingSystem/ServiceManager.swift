import Glibc

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
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // A name in the abstract space begins with @ here and with NUL for the system.
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.size - capacity
        let size = socklen_t(offset + bytes.count)
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let message = Array(state.utf8)
        let sent = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(
                    descriptor,
                    message,
                    message.count,
                    Int32(MSG_NOSIGNAL),
                    address,
                    size
                )
            }
        }
        return sent == message.count
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
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// The listening sockets that were handed over, in order; asked for once, since the variables
    /// are for this process alone and are removed.
    public static func takeListeners() -> [Int32] {
        defer {
            for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        }
        guard let process = ProcessEnvironment.value("LISTEN_PID"), Int32(process) == getpid(),
            let text = ProcessEnvironment.value("LISTEN_FDS"), let count = Int32(text),
            (1...64).contains(count)
        else { return [] }
        let descriptors = Array(3..<3 + count)
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptors
    }
}
