import Foundation

/// How the cases reach the server: one more is a case here, a stream and what the server needs.
enum ProtocolTransport: String, CaseIterable, Sendable {
    case tcp

    /// What the server has to be told for it.
    func arguments(_ program: ServerProgram) throws -> [String] {
        switch self {
        case .tcp: []
        }
    }

    /// A connection to the server.
    func connect(port: UInt16, _ program: ServerProgram) throws -> any ProtocolStream {
        switch self {
        case .tcp: try TCPStream(port: port)
        }
    }
}

/// A connection as a client has it.
protocol ProtocolStream {
    /// Sends bytes; false when the server no longer takes them.
    func send(_ bytes: ArraySlice<UInt8>) -> Bool
    /// Says that nothing more is sent.
    func endOutput()
    /// Reads to the end; nil when it does not come in time.
    func readToEnd() -> [UInt8]?
}

/// A socket.
final class TCPStream: ProtocolStream {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var on: Int32 = 1
        let onSize = socklen_t(MemoryLayout<Int32>.size)
        // Else the system would join single bytes.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, onSize)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let raw = descriptor
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(raw, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Foundation.send(
                    descriptor,
                    bytes.baseAddress,
                    bytes.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    func readToEnd() -> [UInt8]? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            guard count >= 0 else { return nil }
            guard count > 0 else { return received }
            received += buffer[..<count]
        }
    }
}
