import COpenSSL
import Glibc

/// What the server shows to clients and asks of them: an `SSL_CTX`, complete and never changed.
///
/// TLS 1.2 and 1.3 only, with forward secrecy and authenticated ciphers (RFC 9325 §4.2), in the
/// server's order of preference. Sessions are resumed by tickets alone, whose keys live and die
/// with the context; there is no early data, no renegotiation and no compression.
@safe final class TLSContext: Sendable {
    /// Where the `SSL_CTX` is: OpenSSL counts references to it, and it is read by many threads.
    ///
    /// A number, because Swift takes no pointer to be sendable.
    private let address: UInt
    /// When the certificate ceases to be valid, in seconds since the start of 1970.
    let expiry: Int

    private static let ciphers = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
        ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
        ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    private static let suites =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    /// How long a ticket is good for, in seconds.
    private static let ticketSeconds = 3_600

    /// Reads certificate chain, key and, where clients have to show a certificate, their
    /// authorities, all in PEM.
    init(_ material: TLSMaterial) throws(TLSError) {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw .library(reason: TLSLibrary.lastErrorText())
        }
        let expiry: Int
        do throws(TLSError) {
            unsafe try Self.restrict(context)
            expiry = unsafe try Self.addCertificates(material, to: context)
            unsafe try Self.addKey(material, to: context)
            unsafe try Self.addClientAuthorities(material, to: context)
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        // Only now: were all properties set, an error above would run `deinit` as well.
        address = UInt(bitPattern: context)
        self.expiry = expiry
    }

    deinit {
        unsafe SSL_CTX_free(OpaquePointer(bitPattern: address))
    }

    /// A new connection's `SSL`, which keeps the context alive; nil without memory.
    func makeSession() -> OpaquePointer? {
        unsafe SSL_new(OpaquePointer(bitPattern: address))
    }

    private static func restrict(_ context: OpaquePointer) throws(TLSError) {
        unsafe posterior_ssl_restrict(context)
        unsafe posterior_ssl_disable_session_cache(context)
        unsafe SSL_CTX_set_security_level(context, 2)
        _ = unsafe SSL_CTX_set_timeout(context, Self.ticketSeconds)
        // One ticket for a handshake: a client that wants more connections resumes it again.
        guard unsafe posterior_ssl_set_versions(context, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
            unsafe SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            unsafe SSL_CTX_set_ciphersuites(context, Self.suites) == 1,
            unsafe posterior_ssl_set_groups(context, "X25519:P-256") == 1,
            unsafe SSL_CTX_set_num_tickets(context, 1) == 1,
            unsafe SSL_CTX_set_max_early_data(context, 0) == 1
        else { throw .library(reason: TLSLibrary.lastErrorText()) }
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
    }

    private static func addCertificates(
        _ material: TLSMaterial,
        to context: OpaquePointer
    ) throws(TLSError) -> Int {
        let file = material.certificateFile
        guard let bio = unsafe TLSLibrary.reader(of: material.certificate) else {
            throw .library(reason: TLSLibrary.lastErrorText())
        }
        defer { unsafe BIO_free(bio) }
        guard let certificate = unsafe posterior_read_certificate(bio) else {
            throw .noCertificate(file: file)
        }
        defer { unsafe X509_free(certificate) }
        guard unsafe SSL_CTX_use_certificate(context, certificate) == 1 else {
            throw .refused(file: file, reason: TLSLibrary.lastErrorText())
        }
        while let issuer = unsafe posterior_read_certificate(bio) {
            guard unsafe posterior_ssl_add_chain_certificate(context, issuer) == 1 else {
                unsafe X509_free(issuer)
                throw .refused(file: file, reason: TLSLibrary.lastErrorText())
            }
        }
        // The end of the file is the one error that is meant to come.
        ERR_clear_error()
        var end = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1 else {
            throw .refused(file: file, reason: "it has no end of validity")
        }
        return unsafe timegm(&end)
    }

    private static func addKey(
        _ material: TLSMaterial,
        to context: OpaquePointer
    ) throws(TLSError) {
        guard let bio = unsafe TLSLibrary.reader(of: material.key) else {
            throw .library(reason: TLSLibrary.lastErrorText())
        }
        defer { unsafe BIO_free(bio) }
        guard let key = unsafe posterior_read_private_key(bio) else {
            throw .noKey(file: material.keyFile)
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe SSL_CTX_use_PrivateKey(context, key) == 1,
            unsafe SSL_CTX_check_private_key(context) == 1
        else {
            throw .mismatch(certificateFile: material.certificateFile, keyFile: material.keyFile)
        }
    }

    /// Requires a certificate of each client, issued by one of the authorities.
    private static func addClientAuthorities(
        _ material: TLSMaterial,
        to context: OpaquePointer
    ) throws(TLSError) {
        guard let authorities = material.clientAuthorities else { return }
        let file = material.clientAuthoritiesFile ?? ""
        guard let bio = unsafe TLSLibrary.reader(of: authorities) else {
            throw .library(reason: TLSLibrary.lastErrorText())
        }
        defer { unsafe BIO_free(bio) }
        let store = unsafe SSL_CTX_get_cert_store(context)
        var count = 0
        while let authority = unsafe posterior_read_certificate(bio) {
            defer { unsafe X509_free(authority) }
            guard unsafe X509_STORE_add_cert(store, authority) == 1,
                unsafe SSL_CTX_add_client_CA(context, authority) == 1
            else { throw .refused(file: file, reason: TLSLibrary.lastErrorText()) }
            count += 1
        }
        ERR_clear_error()
        guard count > 0 else { throw .noCertificate(file: file) }
        unsafe SSL_CTX_set_verify(
            context,
            SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
            nil
        )
        // Sessions of clients that were let in here can be resumed here alone.
        let name = Array("posterior-server".utf8)
        guard unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count)) == 1 else {
            throw .library(reason: TLSLibrary.lastErrorText())
        }
    }
}

/// Chooses `http/1.1`, and ends the handshake of a client that offers others only, RFC 7301 §3.2.
///
/// OpenSSL calls this only when the client has offered something, in a list that it has checked:
/// each name comes after a byte with its length.
private func selectProtocol(
    _ session: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?,
    _ offers: UnsafePointer<UInt8>?,
    _ count: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    let wanted = Array("http/1.1".utf8)
    let list = unsafe UnsafeBufferPointer(start: offers, count: Int(count))
    var start = 0
    while start < list.count {
        let end = unsafe start + 1 + Int(list[start])
        guard end <= list.count else { break }
        if unsafe list[(start + 1)..<end].elementsEqual(wanted), let offers = unsafe offers {
            unsafe chosen?.pointee = offers + (start + 1)
            unsafe chosenCount?.pointee = UInt8(wanted.count)
            return SSL_TLSEXT_ERR_OK
        }
        start = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
