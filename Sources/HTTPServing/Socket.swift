import CSystemEvents
import Glibc

/// The owner of a connected socket: non-blocking, without Nagle's delay.
struct Socket: ~Copyable {
    /// What became of a read or a write.
    enum Transfer: Equatable {
        /// So many bytes were moved.
        case moved(Int)
        /// The peer sends no more.
        case ended
        /// Nothing can be moved just now.
        case blocked
        /// The connection is broken.
        case failed
    }

    let descriptor: Descriptor

    /// Takes over an accepted descriptor and sets TCP_NODELAY.
    init(owning raw: Int32) {
        descriptor = Descriptor(owning: raw)
        var on: Int32 = 1
        _ = unsafe setsockopt(
            raw,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &on,
            socklen_t(MemoryLayout<Int32>.size)
        )
    }

    /// Reads into the front of a buffer.
    func receive(into buffer: inout [UInt8]) -> Transfer {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor.raw, bytes.baseAddress, bytes.count, 0)
            }
            if count > 0 { return .moved(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .blocked
            default: return .failed
            }
        }
    }

    /// Writes what follows `headStart` and `contentStart`, both in one call, without SIGPIPE.
    func send(
        _ head: [UInt8],
        from headStart: Int,
        _ content: [UInt8],
        from contentStart: Int
    ) -> Transfer {
        while true {
            let count = unsafe head.withUnsafeBytes { head in
                unsafe content.withUnsafeBytes { content in
                    unsafe transmit(
                        UnsafeRawBufferPointer(rebasing: head[headStart...]),
                        UnsafeRawBufferPointer(rebasing: content[contentStart...])
                    )
                }
            }
            if count >= 0 { return .moved(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .blocked
            default: return .failed
            }
        }
    }

    /// Writes bytes without SIGPIPE.
    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = unsafe Glibc.send(
                descriptor.raw,
                bytes.baseAddress,
                bytes.count,
                Int32(MSG_NOSIGNAL)
            )
            if count >= 0 { return .moved(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .blocked
            default: return .failed
            }
        }
    }

    private func transmit(_ head: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer) -> Int
    {
        let flags = Int32(MSG_NOSIGNAL)
        guard unsafe !content.isEmpty else {
            return unsafe Glibc.send(descriptor.raw, head.baseAddress, head.count, flags)
        }
        guard unsafe !head.isEmpty else {
            return unsafe Glibc.send(descriptor.raw, content.baseAddress, content.count, flags)
        }
        let parts: [2 of iovec] = unsafe [
            iovec(
                iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress),
                iov_len: head.count
            ),
            iovec(
                iov_base: UnsafeMutableRawPointer(mutating: content.baseAddress),
                iov_len: content.count
            ),
        ]
        var vectors = unsafe parts
        return unsafe withUnsafeMutablePointer(to: &vectors) { pointer in
            unsafe pointer.withMemoryRebound(to: iovec.self, capacity: 2) { first in
                var message = unsafe msghdr()
                unsafe message.msg_iov = first
                unsafe message.msg_iovlen = 2
                return unsafe sendmsg(descriptor.raw, &message, flags)
            }
        }
    }

    /// Makes the close abrupt, so that the peer knows that something is missing.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(descriptor.raw, SOL_SOCKET, SO_LINGER, &option, size)
    }

    /// Tells the peer that nothing more is sent; what it sends can still be read.
    func shutDownOutput() {
        _ = shutdown(descriptor.raw, Int32(SHUT_WR))
    }
}
