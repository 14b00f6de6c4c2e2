import CSystemEvents
import Glibc

/// The one owner of a file descriptor; closes it at the end of its life.
struct Descriptor: ~Copyable {
    let raw: Int32

    init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        _ = Glibc.close(raw)
    }

    /// Gives the descriptor to somebody else, who closes it.
    consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }
}

/// A wake-up call for a thread that waits in `Epoll.wait`: an eventfd.
struct WakeUp: ~Copyable {
    let descriptor: Descriptor

    init() throws(HTTPServerError) {
        let raw = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard raw >= 0 else { throw .system(call: "eventfd", code: errno) }
        descriptor = Descriptor(owning: raw)
    }

    func signal() {
        _ = eventfd_write(descriptor.raw, 1)
    }

    func acknowledge() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor.raw, &count)
    }
}
