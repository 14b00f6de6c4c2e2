/// A salted SHA-256 of an API key, FIPS 180-4.
///
/// A key is 256 random bits, so there is nothing to guess faster than by trying all of them, and
/// a slow password hash would only help those who flood the server with wrong keys. The salt keeps
/// the same key in two files from showing as the same.
struct KeyDigest: Sendable, Equatable {
    /// 32 bytes.
    let bytes: [UInt8]

    /// Hashes a key after its salt.
    init(of key: [UInt8], salt: [UInt8]) {
        bytes = SecureHash.sha256(salt + key)
    }

    /// A digest that was made before; nil unless it has 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Whether two are equal, found out in a time that does not depend on them.
    func isEqual(_ other: KeyDigest) -> Bool {
        SecureHash.areEqual(bytes, other.bytes)
    }
}
