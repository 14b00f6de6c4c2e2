import CSystemEvents
import Glibc

/// The owner of a listening socket, with a spare descriptor for the day none is left.
struct Listener: ~Copyable {
    /// What became of an attempt to accept.
    enum Acceptance {
        /// A connection; the receiver owns the descriptor.
        case accepted(Int32, PeerAddress)
        /// Nobody waits.
        case none
        /// This connection failed before it was accepted; the next may not.
        case aborted(code: Int32)
        /// Descriptors or memory have run out.
        case exhausted(code: Int32)
    }

    let descriptor: Descriptor
    let address: BoundAddress
    private var reserve: Int32

    /// Listens as a configuration says: on the socket that was handed over, or on a new one.
    static func make(_ configuration: HTTPServerConfiguration) throws(HTTPServerError) -> Listener {
        let isGuarded = configuration.requiresLoopback
        let handedOver = configuration.inheritedListeners
        guard let first = handedOver.first else {
            return try Listener(
                host: configuration.host,
                port: configuration.port,
                requiresLoopback: isGuarded
            )
        }
        guard handedOver.count == 1 else { throw .unusableListener }
        return try Listener(inherited: first, requiresLoopback: isGuarded)
    }

    /// Takes over a listening socket, sd_listen_fds(3).
    private init(inherited raw: Int32, requiresLoopback: Bool) throws(HTTPServerError) {
        var isListening: Int32 = 0
        var type: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(raw, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0,
            unsafe getsockopt(raw, SOL_SOCKET, SO_TYPE, &type, &size) == 0,
            isListening != 0, type == Int32(SOCK_STREAM.rawValue)
        else { throw .unusableListener }
        let owner = Descriptor(owning: raw)
        _ = fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK)
        let name = try BoundAddress(of: owner)
        guard name.isLocal || !requiresLoopback else { throw .notLoopback(name.description) }
        address = name
        descriptor = owner
        reserve = Self.openReserve()
    }

    /// Binds to the first usable address of a host, port 0 for a free one, and listens.
    private init(
        host: String,
        port: UInt16,
        requiresLoopback: Bool
    ) throws(HTTPServerError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0 else {
            throw .unknownHost(host)
        }
        defer { unsafe freeaddrinfo(list) }
        var failure = HTTPServerError.unknownHost(host)
        var candidate = unsafe list
        var bound: Int32?
        while let entry = unsafe candidate, bound == nil {
            let info = unsafe entry.pointee
            do throws(HTTPServerError) {
                let name = unsafe BoundAddress(info.ai_addr, info.ai_addrlen)
                guard !requiresLoopback || name?.isLocal ?? false else {
                    throw .notLoopback(name?.description ?? host)
                }
                bound = unsafe try Self.listen(info)
            } catch {
                failure = error
            }
            unsafe candidate = info.ai_next
        }
        guard let bound else { throw failure }
        let owner = Descriptor(owning: bound)
        address = try BoundAddress(of: owner)
        descriptor = owner
        reserve = Self.openReserve()
    }

    deinit {
        if reserve >= 0 { _ = Glibc.close(reserve) }
    }

    private static func listen(_ info: addrinfo) throws(HTTPServerError) -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let raw = unsafe socket(info.ai_family, flags, info.ai_protocol)
        guard raw >= 0 else { throw .system(call: "socket", code: errno) }
        let owner = Descriptor(owning: raw)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, size)
        guard unsafe bind(raw, info.ai_addr, info.ai_addrlen) == 0 else {
            throw .system(call: "bind", code: errno)
        }
        guard Glibc.listen(raw, SOMAXCONN) == 0 else { throw .system(call: "listen", code: errno) }
        return owner.release()
    }

    private static func openReserve() -> Int32 {
        unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    /// Accepts one connection if one waits.
    func accept() -> Acceptance {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let raw = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe accept4(descriptor.raw, address, &size, flags)
            }
        }
        guard raw < 0 else { return .accepted(raw, PeerAddress(storage)) }
        let code = errno
        switch code {
        case EAGAIN, EWOULDBLOCK: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(code: code)
        default: return .aborted(code: code)
        }
    }

    /// Accepts one connection on the spare descriptor and closes it at once.
    ///
    /// A client that cannot be served learns it now, and the backlog does not stay readable.
    mutating func shedOne() {
        if reserve >= 0 { _ = Glibc.close(reserve) }
        if case .accepted(let raw, _) = accept() { _ = Glibc.close(raw) }
        reserve = Self.openReserve()
    }
}

/// Where a server listens.
public struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address.
    public let host: String
    /// The port, the one the system chose where 0 was asked for.
    public let port: UInt16

    /// Address and port as a URI writes them.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1, and sockets in the file system.
    let isLocal: Bool

    init(of descriptor: borrowing Descriptor) throws(HTTPServerError) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let raw = descriptor.raw
        let name = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe getsockname(raw, address, &size) == 0 else {
                    return BoundAddress?.none
                }
                return unsafe BoundAddress(address, size)
            }
        }
        guard let name else { throw .system(call: "getsockname", code: errno) }
        self = name
    }

    /// The numeric form of a socket address; nil when it has none.
    init?(_ address: UnsafePointer<sockaddr>, _ size: socklen_t) {
        if unsafe Int32(address.pointee.sa_family) == AF_UNIX {
            (host, port, isLocal) = ("unix", 0, true)
            return
        }
        var hostBytes = [CChar](repeating: 0, count: 64)
        var portBytes = [CChar](repeating: 0, count: 8)
        let flags = NI_NUMERICHOST | NI_NUMERICSERV
        guard unsafe getnameinfo(address, size, &hostBytes, 64, &portBytes, 8, flags) == 0 else {
            return nil
        }
        host = Self.text(hostBytes)
        port = UInt16(Self.text(portBytes)) ?? 0
        isLocal = host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
