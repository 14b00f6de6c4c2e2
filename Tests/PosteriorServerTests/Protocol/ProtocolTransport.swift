import Foundation
import TLSTestSupport
import TestSupport

/// How the cases reach the server: one more is a case here, a stream and what the server needs.
enum ProtocolTransport: String, CaseIterable, Sendable {
    case tcp
    case tls

    /// What the server has to be told for it.
    func arguments(_ program: ServerProgram) throws -> [String] {
        switch self {
        case .tcp: return []
        case .tls:
            let authority = try TestAuthority()
            let identity = try authority.issue("localhost")
            for (name, pem) in [
                ("server.pem", identity.certificate), ("server.key", identity.key),
                ("authority.pem", authority.pem),
            ] {
                try program.write(String(decoding: pem, as: UTF8.self), to: name)
            }
            return ["--tls-certificate", "server.pem", "--tls-key", "server.key"]
        }
    }

    /// A connection to the server.
    func connect(port: UInt16, _ program: ServerProgram) throws -> any ProtocolStream {
        switch self {
        case .tcp: return try TCPStream(port: port)
        case .tls:
            let authority = try Data(contentsOf: URL(filePath: program.path("authority.pem")))
            return try TLSStream(TCPStream(port: port), .init(authority: Array(authority)))
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
        while true {
            guard let some = readSome() else { return nil }
            guard !some.isEmpty else { return received }
            received += some
        }
    }

    /// Reads what comes next, nothing at the end; nil when nothing comes in time.
    func readSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
        }
        return count < 0 ? nil : Array(buffer[..<count])
    }
}

/// TLS on a socket; each piece that is sent is a record of its own.
final class TLSStream: ProtocolStream {
    private let stream: TCPStream
    private let tls: TLSClientSession

    init(_ stream: TCPStream, _ settings: TLSClientSession.Settings) throws {
        self.stream = stream
        tls = try TLSClientSession(settings)
        while true {
            tls.shakeHands()
            guard stream.send(tls.takeOutput()[...]), tls.failure == nil else { break }
            guard !tls.isEstablished else { return }
            guard let some = stream.readSome(), !some.isEmpty else { break }
            tls.take(some)
        }
        throw TLSClientError(tls.failure ?? "closed")
    }

    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        tls.write(Array(bytes))
        return stream.send(tls.takeOutput()[...])
    }

    func endOutput() {
        tls.close()
        _ = stream.send(tls.takeOutput()[...])
        stream.endOutput()
    }

    func readToEnd() -> [UInt8]? {
        guard let ciphertext = stream.readToEnd() else { return nil }
        tls.take(ciphertext)
        let plaintext = tls.read()
        // An end that was not announced is one that somebody else may have made.
        return tls.isClosed ? plaintext : nil
    }
}
