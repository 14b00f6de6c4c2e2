import COpenSSL

/// One connection's TLS, from ciphertext to plaintext and back, without a socket.
///
/// Bytes pass through two memory BIOs, so no call ever waits for the network. The handshake goes
/// on by itself as bytes are taken and read.
@safe struct TLSSession: ~Copyable {
    /// What an attempt to read plaintext led to.
    enum Step: Equatable {
        /// So many bytes were put into the front of the buffer.
        case read(Int)
        /// More ciphertext is needed first.
        case needsMore
        /// The peer sent `close_notify`, RFC 8446 §6.1.
        case ended
        /// The connection cannot go on; an alert may wait to be sent.
        case failed
    }

    /// Longest plaintext of a record, RFC 8446 §5.1.
    static let recordBytes = 16_384
    /// Ciphertext storage beyond this many bytes is given back once it is empty.
    private static let keptBytes = 16_384
    /// Longest subject of a certificate that is kept, in bytes.
    private static let subjectBytes = 512

    private let ssl: OpaquePointer
    /// Ciphertext from the peer; owned by `ssl`, as the next is.
    private var incoming: OpaquePointer
    private var outgoing: OpaquePointer
    /// What became of the handshake; nil while it is in progress.
    private(set) var outcome: TLSOutcome?
    /// Why the connection cannot go on, in the handshake or after it.
    private(set) var failure: TLSOutcome?

    /// Makes the server's side of a connection that was just accepted; nil without memory.
    init?(_ context: TLSContext) {
        guard let ssl = unsafe context.makeSession() else { return nil }
        let made = unsafe (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
        guard let incoming = unsafe made.0, let outgoing = unsafe made.1 else {
            unsafe BIO_free(made.0)
            unsafe BIO_free(made.1)
            unsafe SSL_free(ssl)
            return nil
        }
        unsafe posterior_bio_set_open_ended(incoming)
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_accept_state(ssl)
        unsafe self.ssl = ssl
        unsafe self.incoming = incoming
        unsafe self.outgoing = outgoing
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    /// Whether the handshake is still in progress.
    var isHandshaking: Bool { outcome == nil }

    /// Takes the first `count` bytes of a buffer, as they came from the peer.
    mutating func take(_ bytes: [UInt8], count: Int) {
        precondition(count <= bytes.count, "\(count) bytes of \(bytes.count)")
        ERR_clear_error()
        let taken = unsafe BIO_write(incoming, bytes, Int32(clamping: count))
        if taken != count { fail(.protocolError) }
    }

    /// Reads plaintext into the front of a buffer, and takes the handshake further.
    mutating func read(into buffer: inout [UInt8]) -> Step {
        guard failure == nil else { return .failed }
        ERR_clear_error()
        let count = unsafe SSL_read(ssl, &buffer, Int32(clamping: buffer.count))
        if outcome == nil, unsafe SSL_is_init_finished(ssl) == 1, !acceptPeer() { return .failed }
        if count > 0 { return .read(Int(count)) }
        switch unsafe SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            releaseIncoming()
            return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            fail(reasonOfFailure())
            return .failed
        }
    }

    /// Whether more plaintext may be had of what was taken; if not, large storage is given back.
    mutating func hasMore() -> Bool {
        if unsafe SSL_pending(ssl) > 0 || BIO_ctrl_pending(incoming) > 0 { return true }
        releaseIncoming()
        return false
    }

    private mutating func fail(_ reason: TLSOutcome) {
        if outcome == nil { outcome = reason }
        failure = reason
    }

    /// Notes that the handshake is complete; false when a resumed certificate has expired since.
    private mutating func acceptPeer() -> Bool {
        let isResumed = unsafe SSL_session_reused(ssl) == 1
        outcome = isResumed ? .resumed : .completed
        guard isResumed, let certificate = unsafe SSL_get0_peer_certificate(ssl),
            unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0
        else { return true }
        outcome = .expiredCertificate
        failure = .expiredCertificate
        return false
    }

    /// Encrypts the bytes of a range, as at least one record; false when that is impossible.
    mutating func write(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard failure == nil, !range.isEmpty else { return failure == nil }
        ERR_clear_error()
        let count = unsafe bytes.withUnsafeBytes { bytes in
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
            return unsafe SSL_write(ssl, part.baseAddress, Int32(clamping: part.count))
        }
        if count != range.count { fail(.protocolError) }
        return failure == nil
    }

    /// Adds `close_notify` to the output, once, RFC 8446 §6.1.
    mutating func close() {
        guard failure == nil, !isHandshaking else { return }
        ERR_clear_error()
        _ = unsafe SSL_shutdown(ssl)
    }

    /// Bytes that wait to be sent to the peer.
    var pendingBytes: Int { unsafe Int(BIO_ctrl_pending(outgoing)) }

    /// Sends ciphertext that waits, as much as a socket takes at once.
    mutating func sendPending(to socket: borrowing Socket) -> Socket.Transfer {
        var start: UnsafeRawPointer?
        let count = unsafe posterior_bio_contents(outgoing, &start)
        guard count > 0 else { return .moved(0) }
        let result = unsafe socket.send(UnsafeRawBufferPointer(start: start, count: count))
        guard case .moved(let moved) = result else { return result }
        if moved == count {
            unsafe posterior_bio_clear(outgoing)
            releaseOutgoing()
        } else {
            var scratch = [UInt8](repeating: 0, count: moved)
            _ = unsafe BIO_read(outgoing, &scratch, Int32(clamping: moved))
        }
        return result
    }
}

// MARK: Storage

// A memory BIO never shrinks, and an idle connection should not keep what a large body needed.
extension TLSSession {
    private mutating func releaseIncoming() {
        guard unsafe posterior_bio_capacity(incoming) > Self.keptBytes,
            unsafe BIO_ctrl_pending(incoming) == 0,
            let fresh = unsafe BIO_new(BIO_s_mem())
        else { return }
        unsafe posterior_bio_set_open_ended(fresh)
        unsafe SSL_set0_rbio(ssl, fresh)
        unsafe incoming = fresh
    }

    private mutating func releaseOutgoing() {
        guard unsafe posterior_bio_capacity(outgoing) > Self.keptBytes,
            let fresh = unsafe BIO_new(BIO_s_mem())
        else { return }
        unsafe SSL_set0_wbio(ssl, fresh)
        unsafe outgoing = fresh
    }
}

// MARK: What is known of the peer

extension TLSSession {
    /// The subject of the certificate the peer showed, as RFC 4514 writes it; nil without one.
    var peerSubject: String? {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl),
            let bio = unsafe BIO_new(BIO_s_mem())
        else { return nil }
        defer { unsafe BIO_free(bio) }
        guard unsafe posterior_print_subject(bio, certificate) >= 0 else { return nil }
        var text = [UInt8](repeating: 0, count: Self.subjectBytes)
        let count = unsafe BIO_read(bio, &text, Int32(text.count))
        return String(decoding: text.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// Why OpenSSL gave up: the last error of the thread's queue, which is the most general.
    private func reasonOfFailure() -> TLSOutcome {
        let code = ERR_peek_last_error()
        guard code != 0 else { return .protocolError }
        switch ERR_GET_REASON(code) {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER,
            SSL_R_PACKET_LENGTH_TOO_LONG:
            return .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_UNKNOWN_PROTOCOL:
            return .version
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS,
            SSL_R_NO_SUITABLE_GROUPS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            return .parameters
        case SSL_R_NO_APPLICATION_PROTOCOL: return .applicationProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .noCertificate
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            switch unsafe Int32(truncatingIfNeeded: SSL_get_verify_result(ssl)) {
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
                return .expiredCertificate
            default: return .refusedCertificate
            }
        case let reason where reason >= SSL_AD_REASON_OFFSET: return .alert
        default: return .protocolError
        }
    }
}
