import COpenSSL

/// A client's side of TLS, between plaintext and ciphertext, without a socket.
@safe package final class TLSClientSession {
    /// What a client trusts, offers and shows.
    package struct Settings: Sendable {
        package var authority: [UInt8]
        package var versions: ClosedRange<Int32> = TLS1_2_VERSION...TLS1_3_VERSION
        package var protocols: [String] = []
        package var identity: TestIdentity?
        package var ciphers: String?

        package init(authority: [UInt8]) { self.authority = authority }
    }

    /// A session that can be resumed.
    @safe package final class Ticket {
        fileprivate let session: OpaquePointer

        fileprivate init?(_ session: OpaquePointer?) {
            defer { unsafe SSL_SESSION_free(session) }
            // A copy, since OpenSSL spoils the session of a connection that ends without a word.
            guard let copy = unsafe SSL_SESSION_dup(session) else { return nil }
            unsafe self.session = copy
        }

        deinit { unsafe SSL_SESSION_free(session) }
    }

    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// Whether the server sent `close_notify`.
    package private(set) var isClosed = false
    /// The text of the error that ended it.
    package private(set) var failure: String?

    package init(_ settings: Settings, resuming ticket: Ticket? = nil) throws {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw TLSClientError("no context")
        }
        defer { unsafe SSL_CTX_free(context) }
        // Also what the server has to refuse.
        unsafe SSL_CTX_set_security_level(context, 0)
        unsafe posterior_ssl_set_versions(
            context,
            settings.versions.lowerBound,
            settings.versions.upperBound
        )
        if let ciphers = settings.ciphers { unsafe SSL_CTX_set_cipher_list(context, ciphers) }
        let reader = unsafe Self.reader(settings.authority)
        defer { unsafe BIO_free(reader) }
        let authority = unsafe posterior_read_certificate(reader)
        unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority)
        unsafe X509_free(authority)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if !settings.protocols.isEmpty {
            let list = settings.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            unsafe SSL_CTX_set_alpn_protos(context, list, UInt32(list.count))
        }
        if let identity = settings.identity { unsafe Self.show(identity, context) }
        guard let ssl = unsafe SSL_new(context), let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { throw TLSClientError("no session") }
        unsafe posterior_bio_set_open_ended(incoming)
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        if let ticket { unsafe SSL_set_session(ssl, ticket.session) }
        unsafe self.ssl = ssl
        unsafe self.incoming = incoming
        unsafe self.outgoing = outgoing
    }

    deinit { unsafe SSL_free(ssl) }

    private static func reader(_ bytes: [UInt8]) -> OpaquePointer? {
        let bio = unsafe BIO_new(BIO_s_mem())
        unsafe BIO_write(bio, bytes, Int32(bytes.count))
        return unsafe bio
    }

    private static func show(_ identity: TestIdentity, _ context: OpaquePointer) {
        let certificateReader = unsafe reader(identity.certificate)
        let keyReader = unsafe reader(identity.key)
        let certificate = unsafe posterior_read_certificate(certificateReader)
        let key = unsafe posterior_read_private_key(keyReader)
        unsafe SSL_CTX_use_certificate(context, certificate)
        unsafe SSL_CTX_use_PrivateKey(context, key)
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
        unsafe BIO_free(certificateReader)
        unsafe BIO_free(keyReader)
    }

    package var isEstablished: Bool { unsafe SSL_is_init_finished(ssl) == 1 }
    package var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// The application protocol that was agreed on; empty for none.
    package var applicationProtocol: String {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        return unsafe String(
            decoding: UnsafeBufferPointer(start: name, count: Int(count)),
            as: UTF8.self
        )
    }

    /// The name of the cipher suite.
    package var cipher: String {
        unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)))
    }

    /// The serial number of the server's certificate.
    package var serial: Int {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return 0 }
        return unsafe ASN1_INTEGER_get(X509_get0_serialNumber(certificate))
    }

    /// What resumes this session; with TLS 1.3 only after something was read.
    package var ticket: Ticket? { unsafe Ticket(SSL_get1_session(ssl)) }

    /// Goes on with the handshake; ciphertext may have to be sent afterwards.
    package func shakeHands() {
        ERR_clear_error()
        note(unsafe SSL_do_handshake(ssl))
    }

    package func take(_ ciphertext: [UInt8]) {
        unsafe BIO_write(incoming, ciphertext, Int32(ciphertext.count))
    }

    /// Takes the ciphertext that has to be sent.
    package func takeOutput() -> [UInt8] { unsafe contents(of: outgoing) }

    package func write(_ plaintext: [UInt8]) {
        ERR_clear_error()
        note(unsafe SSL_write(ssl, plaintext, Int32(plaintext.count)))
    }

    /// The plaintext that is there.
    package func read() -> [UInt8] {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while failure == nil, !isClosed {
            ERR_clear_error()
            let count = unsafe SSL_read(ssl, &piece, Int32(piece.count))
            if count <= 0 {
                note(count)
                break
            }
            all.append(contentsOf: piece[..<Int(count)])
        }
        return all
    }

    /// Writes `close_notify`.
    package func close() { unsafe SSL_shutdown(ssl) }

    /// Asks for new keys and wants the server to do the same, TLS 1.3.
    package func updateKeys() { unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) }

    /// Asks for another handshake, TLS 1.2.
    package func renegotiate() {
        unsafe SSL_renegotiate(ssl)
        shakeHands()
    }

    private func note(_ result: Int32) {
        guard result <= 0 else { return }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        case SSL_ERROR_ZERO_RETURN: isClosed = true
        default:
            let reason = unsafe ERR_reason_error_string(ERR_peek_error())
            failure = unsafe reason.map { unsafe String(cString: $0) } ?? "unknown"
        }
    }
}
