import Glibc

/// The owner of a socket that sends messages to others of this machine; closes it at the end.
struct DatagramSocket: ~Copyable {
    private let descriptor: Int32

    /// Makes a socket; nil where the system has none left.
    init?() {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends a message to the socket of a path.
    ///
    /// - Parameters:
    ///   - message: All of it.
    ///   - path: Where the other socket is; one in the abstract space begins with @.
    /// - Returns: Whether it was sent.
    func send(_ message: [UInt8], to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // The abstract space begins with NUL for the system.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size - capacity + bytes.count)
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
}
