import COpenSSL

/// What keys need of OpenSSL, by arrays.
package enum SecureHash {
    /// The 32 bytes of SHA-256, FIPS 180-4, that stand for a message.
    package static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe SHA256(message, message.count, &digest)
        return digest
    }

    /// Whether two are equal, found out in a time that depends on nothing but their lengths.
    package static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return unsafe CRYPTO_memcmp(first, second, first.count) == 0
    }
}
