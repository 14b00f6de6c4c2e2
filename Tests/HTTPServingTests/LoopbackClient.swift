import Glibc
import HTTPMessages
import HTTPServing
import TLSTestSupport

/// A client on a blocking socket that sends what it is told to and reads whole answers.
final class LoopbackClient {
    struct Answer: Equatable {
        var status: Int
        var head: String
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var closes: Bool { head.contains("\r\nConnection: close\r\n") }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []
    /// What encrypts, if anything does.
    let tls: TLSClientSession?
    /// So many bytes are given to the system at a time.
    var pieceBytes = Int.max

    init(port: UInt16, timeoutSeconds: Int = 10, tls: TLSClientSession? = nil) throws {
        self.tls = tls
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
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
        guard result == 0 else { throw HTTPServerError.system(call: "connect", code: errno) }
        if let tls { try shakeHands(tls) }
    }

    /// Opens an encrypted connection.
    convenience init(
        port: UInt16,
        _ settings: TLSClientSession.Settings,
        resuming ticket: TLSClientSession.Ticket? = nil
    ) throws {
        try self.init(port: port, tls: TLSClientSession(settings, resuming: ticket))
    }

    private func shakeHands(_ tls: TLSClientSession) throws {
        while true {
            tls.shakeHands()
            sendRaw(tls.takeOutput())
            if let failure = tls.failure { throw TLSClientError(failure) }
            guard !tls.isEstablished else { return }
            guard fill() else { throw TLSClientError("closed") }
        }
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Sends all bytes; false when the server no longer takes them.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let tls else { return sendRaw(bytes) }
        tls.write(bytes)
        return sendRaw(tls.takeOutput())
    }

    /// Sends bytes as they are; false when the server no longer takes them.
    @discardableResult
    func sendRaw(_ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor,
                    bytes.baseAddress.map { unsafe $0 + start },
                    min(pieceBytes, bytes.count - start),
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        send(Array(text.utf8))
    }

    /// Says that nothing more is sent.
    func endOutput() {
        if let tls {
            tls.close()
            sendRaw(tls.takeOutput())
        }
        cutOutput()
    }

    /// Ends the socket's output, without a word where TLS would say one.
    func cutOutput() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the close abrupt: the peer gets a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    }

    /// Reads more; false at the end, after an error or when nothing comes in time.
    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
        }
        if count == 0 { errno = 0 }
        guard count > 0 else { return false }
        guard let tls else {
            received.append(contentsOf: buffer[..<count])
            return true
        }
        tls.take(Array(buffer[..<count]))
        received.append(contentsOf: tls.read())
        sendRaw(tls.takeOutput())
        return true
    }

    /// Reads what comes next, as it is; nil at the end.
    func some() -> [UInt8]? {
        guard fill() else { return nil }
        defer { received = [] }
        return received
    }

    /// Reads one answer; nil when the connection ends before it is whole.
    func answer(hasContent: Bool = true) -> Answer? {
        var headEnd: Int?
        while headEnd == nil {
            headEnd = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
            if headEnd == nil, !fill() { return nil }
        }
        guard let headEnd else { return nil }
        let head = String(decoding: received[..<headEnd], as: UTF8.self)
        guard head.hasPrefix("HTTP/1.1 "), let status = Int(head.dropFirst(9).prefix(3)) else {
            return nil
        }
        if hasContent, head.contains("\r\nTransfer-Encoding: chunked\r\n") {
            received.removeFirst(headEnd)
            return chunks().map { Answer(status: status, head: head, body: $0) }
        }
        var length = 0
        if hasContent, let range = head.firstRange(of: "Content-Length: ") {
            length = Int(head[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }
        while received.count < headEnd + length {
            if !fill() { return nil }
        }
        let body = Array(received[headEnd..<(headEnd + length)])
        received.removeFirst(headEnd + length)
        return Answer(status: status, head: head, body: body)
    }

    /// Reads answers up to one that is not interim.
    func finalAnswer() -> Answer? {
        while let answer = answer() {
            if answer.status >= 200 { return answer }
        }
        return nil
    }

    /// Reads chunks up to the last one; nil when the connection ends before it.
    private func chunks() -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            var lineEnd: Int?
            while lineEnd == nil {
                lineEnd = received.firstIndex(of: 0x0A)
                if lineEnd == nil, !fill() { return nil }
            }
            guard let lineEnd,
                let size = Int(
                    String(decoding: received[..<(lineEnd - 1)], as: UTF8.self),
                    radix: 16
                )
            else { return nil }
            while received.count < lineEnd + 1 + size + 2 {
                if !fill() { return nil }
            }
            body += received[(lineEnd + 1)..<(lineEnd + 1 + size)]
            received.removeFirst(lineEnd + 1 + size + 2)
            if size == 0 { return body }
        }
    }

    /// Reads so many bytes and forgets them; false when there are no more.
    func skip(_ count: Int) -> Bool {
        while received.count < count {
            if !fill() { return false }
        }
        received.removeFirst(count)
        return true
    }

    /// Whether the last read ended with a reset rather than with an end.
    var wasReset: Bool { errno == ECONNRESET }

    /// Reads to the end of the connection; nil when it does not end in time.
    func rest() -> String? {
        while fill() {}
        if errno == EAGAIN { return nil }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }
}
