import HTTPMessages

/// How a connection's bytes travel: a socket, with TLS on top of it where that is spoken.
struct Transport: ~Copyable {
    /// Ciphertext is sent when about this much has gathered, in bytes.
    private static let batchBytes = 65_536

    let socket: Socket
    private var tls: TLSSession?

    init(_ socket: consuming Socket, tls: consuming TLSSession?) {
        self.socket = socket
        self.tls = tls
    }

    /// What became of the handshake; nil without one, and while it is in progress.
    var handshakeOutcome: TLSOutcome? {
        switch tls {
        case .some(let tls): tls.outcome
        case .none: nil
        }
    }

    /// Why TLS cannot go on; nil while it can.
    var failure: TLSOutcome? {
        switch tls {
        case .some(let tls): tls.failure
        case .none: nil
        }
    }

    /// The subject of the certificate the peer showed; nil without one.
    var peerSubject: String? {
        switch tls {
        case .some(let tls): tls.peerSubject
        case .none: nil
        }
    }

    /// Bytes that were taken from `send` and wait for the peer.
    var pendingBytes: Int {
        switch tls {
        case .some(let tls): tls.pendingBytes
        case .none: 0
        }
    }

    /// Receives once and hands what it means to `body`, in pieces.
    ///
    /// All that was received is handed over, but for the start of a record whose end is missing,
    /// so nothing that could be used waits in here for an event that never comes. Once TLS has
    /// failed, it is what was received as it is, to be counted and dropped.
    ///
    /// - Parameters:
    ///   - buffer: Receives what the socket has.
    ///   - plaintext: Holds what it means.
    ///   - body: Takes what it means.
    /// - Returns: What became of it.
    mutating func receive(
        into buffer: inout [UInt8],
        plaintext: inout [UInt8],
        _ body: (Span<UInt8>) -> Void
    ) -> Socket.Transfer {
        let transfer = socket.receive(into: &buffer)
        guard case .moved(let count) = transfer else { return transfer }
        guard tls != nil, failure == nil else {
            body(buffer.span.extracting(0..<count))
            return transfer
        }
        tls?.take(buffer, count: count)
        while true {
            switch tls?.read(into: &plaintext) ?? .failed {
            case .read(let count):
                body(plaintext.span.extracting(0..<count))
                guard tls?.hasMore() == true else { return transfer }
            case .needsMore: return transfer
            case .ended: return .ended
            case .failed: return .failed
            }
        }
    }

    /// Takes what follows `headStart` and `contentStart`; call it again while `pendingBytes` are
    /// left, with nothing new if there is nothing.
    ///
    /// - Returns: How much was taken, which with TLS is not yet sent.
    mutating func send(
        _ head: [UInt8],
        from headStart: Int,
        _ content: [UInt8],
        from contentStart: Int
    ) -> Socket.Transfer {
        guard tls != nil else {
            return socket.send(head, from: headStart, content, from: contentStart)
        }
        var taken = 0
        while pendingBytes < Self.batchBytes {
            let start = headStart + taken
            let bytes = start < head.count ? head : content
            let first = start < head.count ? start : contentStart + start - head.count
            let end = min(bytes.count, first + TLSSession.recordBytes)
            guard first < end else { break }
            guard tls?.write(bytes, first..<end) == true else { return .failed }
            taken += end - first
        }
        switch tls?.sendPending(to: socket) ?? .moved(0) {
        case .moved: return .moved(taken)
        case .blocked where taken > 0: return .moved(taken)
        case let result: return result
        }
    }

    /// Tells the peer that nothing more is sent; what it sends can still be read.
    mutating func shutDownOutput() {
        sayGoodbye()
        socket.shutDownOutput()
    }

    /// Says that the end is meant, RFC 9112 §9.8, or why it comes, if the socket takes that at once.
    mutating func sayGoodbye() {
        guard tls != nil else { return }
        tls?.close()
        _ = tls?.sendPending(to: socket)
    }
}
