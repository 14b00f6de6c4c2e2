/// Why certificate, key or client authorities cannot be used.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file cannot be read.
    case unreadable(file: String, reason: String)
    /// A file holds no certificate in PEM, RFC 7468.
    case noCertificate(file: String)
    /// A file holds no private key in PEM without a passphrase.
    case noKey(file: String)
    /// The key is another certificate's.
    case mismatch(certificateFile: String, keyFile: String)
    /// The certificate may not be used: its key is too short, say.
    case refused(file: String, reason: String)
    /// OpenSSL could not be set up.
    case library(reason: String)

    /// A sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) \(reason)"
        case .noCertificate(let file): "\(file) holds no certificate in PEM format"
        case .noKey(let file): "\(file) holds no private key in PEM format without a passphrase"
        case .mismatch(let certificate, let key):
            "the key in \(key) does not belong to the certificate in \(certificate)"
        case .refused(let file, let reason): "\(file) cannot be used: \(reason)"
        case .library(let reason): "TLS cannot be set up: \(reason)"
        }
    }
}

/// What became of a TLS handshake, or of a connection after it.
///
/// A small closed set, so that it can be the label of a metric.
public enum TLSOutcome: String, Sendable, Hashable, CaseIterable {
    /// A full handshake was completed.
    case completed
    /// A handshake that resumed an earlier session was completed.
    case resumed
    /// The peer speaks something else than TLS, plain HTTP perhaps.
    case notTLS = "not_tls"
    /// The peer knows no version of TLS that is spoken here.
    case version
    /// The peer offers no cipher suite, group or signature that is used here.
    case parameters
    /// The peer offers other application protocols only, RFC 7301 §3.2.
    case applicationProtocol = "application_protocol"
    /// The peer has no certificate, and one is required.
    case noCertificate = "no_certificate"
    /// The peer's certificate has expired or is not valid yet.
    case expiredCertificate = "expired_certificate"
    /// The peer's certificate comes from an unknown authority or is not fit for the purpose.
    case refusedCertificate = "refused_certificate"
    /// The peer sent an alert: it does not trust the server, say.
    case alert
    /// The peer broke the protocol or its bytes were damaged on the way.
    case protocolError = "protocol_error"
    /// The peer went away before the handshake was complete.
    case abandoned
    /// The handshake took too long.
    case timeout
    /// Too many handshakes were in progress, and this was the oldest.
    case displaced
}
