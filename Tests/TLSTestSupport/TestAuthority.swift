import COpenSSL
import Glibc

/// A certificate with its key, in PEM.
package struct TestIdentity: Sendable {
    package var certificate: [UInt8]
    package var key: [UInt8]
}

/// Issues certificates for tests; nothing of it is kept.
@safe package final class TestAuthority {
    private let key: OpaquePointer
    private let certificate: OpaquePointer
    private var serial = 1

    package init(_ name: String = "Test Authority") throws {
        unsafe key = try Self.makeKey()
        unsafe certificate = try Self.makeCertificate(
            subject: name,
            serial: 1,
            validSeconds: -3_600...86_400,
            key: key,
            issuer: nil,
            issuerKey: key,
            extensions: [(NID_basic_constraints, "critical,CA:TRUE")]
        )
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// The authority's own certificate in PEM.
    package var pem: [UInt8] {
        unsafe Self.pem { bio in unsafe PEM_write_bio_X509(bio, certificate) }
    }

    /// Issues a certificate that is valid from and to so many seconds from now.
    package func issue(
        _ subject: String,
        validSeconds: ClosedRange<Int> = -3_600...3_600,
        passphrase: String? = nil
    ) throws -> TestIdentity {
        serial += 1
        let subjectKey = unsafe try Self.makeKey()
        defer { unsafe EVP_PKEY_free(subjectKey) }
        let issued = unsafe try Self.makeCertificate(
            subject: subject,
            serial: serial,
            validSeconds: validSeconds,
            key: subjectKey,
            issuer: certificate,
            issuerKey: key,
            extensions: [(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1")]
        )
        defer { unsafe X509_free(issued) }
        return unsafe TestIdentity(
            certificate: Self.pem { bio in unsafe PEM_write_bio_X509(bio, issued) },
            key: Self.pem { bio in
                let cipher = unsafe passphrase.map { _ in unsafe EVP_aes_256_cbc() }
                let secret = Array((passphrase ?? "").utf8)
                return unsafe PEM_write_bio_PrivateKey(
                    bio,
                    subjectKey,
                    cipher ?? nil,
                    passphrase == nil ? nil : secret,
                    Int32(secret.count),
                    nil,
                    nil
                )
            }
        )
    }

    private static func makeKey() throws -> OpaquePointer {
        var key: OpaquePointer?
        let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            unsafe EVP_PKEY_keygen(context, &key) == 1,
            let key = unsafe key
        else { throw TLSClientError("no key") }
        return unsafe key
    }

    private static func makeCertificate(
        subject: String,
        serial: Int,
        validSeconds: ClosedRange<Int>,
        key: OpaquePointer,
        issuer: OpaquePointer?,
        issuerKey: OpaquePointer,
        extensions: [(Int32, String)]
    ) throws -> OpaquePointer {
        guard let certificate = unsafe X509_new() else { throw TLSClientError("no certificate") }
        unsafe X509_set_version(certificate, 2)
        unsafe ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), validSeconds.lowerBound)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), validSeconds.upperBound)
        unsafe X509_set_pubkey(certificate, key)
        let name = unsafe X509_get_subject_name(certificate)
        let text = Array(subject.utf8)
        unsafe X509_NAME_add_entry_by_txt(
            name,
            "CN",
            MBSTRING_UTF8,
            text,
            Int32(text.count),
            -1,
            0
        )
        let issuerName = unsafe issuer.map { unsafe X509_get_subject_name($0) } ?? name
        unsafe X509_set_issuer_name(certificate, issuerName)
        for (identifier, value) in extensions {
            let item = unsafe X509V3_EXT_conf_nid(nil, nil, identifier, value)
            unsafe X509_add_ext(certificate, item, -1)
            unsafe X509_EXTENSION_free(item)
        }
        guard unsafe X509_sign(certificate, issuerKey, EVP_sha256()) > 0 else {
            throw TLSClientError("not signed")
        }
        return unsafe certificate
    }

    private static func pem(_ write: (OpaquePointer) -> Int32) -> [UInt8] {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return [] }
        defer { unsafe BIO_free(bio) }
        _ = unsafe write(bio)
        return unsafe contents(of: bio)
    }
}

/// Takes all that a memory BIO holds.
func contents(of bio: OpaquePointer) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: unsafe Int(BIO_ctrl_pending(bio)))
    guard !bytes.isEmpty else { return [] }
    _ = unsafe BIO_read(bio, &bytes, Int32(bytes.count))
    return bytes
}

/// Why a client's TLS did not come about.
package struct TLSClientError: Error, Equatable {
    package var text: String

    package init(_ text: String) { self.text = text }
}
