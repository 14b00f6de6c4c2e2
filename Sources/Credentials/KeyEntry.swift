public import StrictJSON

/// A key as the server keeps it: its name, what it may do, and its hash.
public struct KeyEntry: Sendable, Equatable {
    /// What the key is called in logs.
    public let name: String
    /// What it may be used for.
    public let scopes: Set<Scope>
    /// When it ends, in seconds since the start of 1970; nil for never.
    public let expiry: Int?
    let salt: [UInt8]
    let digest: KeyDigest

    /// What every key begins with, for programs that look for secrets where none should be.
    static let prefix = "psk_"

    /// Makes a key of 256 random bits.
    ///
    /// - Parameters:
    ///   - name: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    ///   - scopes: What it may be used for.
    ///   - expiry: When it ends, in seconds since the start of 1970.
    /// - Returns: The key, which is not kept, and its entry.
    public static func make(
        name: String,
        scopes: Set<Scope>,
        expiry: Int? = nil
    ) -> (key: String, entry: KeyEntry) {
        var random = SystemRandomNumberGenerator()
        let key = prefix + hexadecimal((0..<32).map { _ in random.next() })
        let salt: [UInt8] = (0..<16).map { _ in random.next() }
        let digest = KeyDigest(of: Array(key.utf8), salt: salt)
        let entry = KeyEntry(name: name, scopes: scopes, expiry: expiry, salt: salt, digest: digest)
        return (key, entry)
    }

    /// Whether a name may be a key's.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}

// MARK: JSON

extension KeyEntry {
    private static let fields = ["name", "scopes", "expires", "salt", "sha256"]

    /// Reads an entry; fields that are not known are refused.
    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        try fields.refuseOthers(than: Self.fields)
        let nameField = try fields.required("name", expected: "the key's name")
        let name = try nameField.string()
        guard Self.isName(name) else {
            throw nameField.mismatch("1 to 64 of A-Z a-z 0-9 . _ -")
        }
        let scopesField = try fields.required("scopes", expected: "a list of scopes")
        var scopes: Set<Scope> = []
        for element in try scopesField.elements() {
            guard let scope = Scope(rawValue: try element.string()) else {
                throw element.mismatch(Scope.allCases.map(\.rawValue).joined(separator: ", "))
            }
            scopes.insert(scope)
        }
        guard !scopes.isEmpty else { throw scopesField.mismatch("at least one scope") }
        let salt = try Self.bytes(fields.required("salt", expected: "hexadecimal digits"))
        let digestField = try fields.required("sha256", expected: "64 hexadecimal digits")
        guard let digest = KeyDigest(bytes: try Self.bytes(digestField)) else {
            throw .mismatch(
                path: digestField.path,
                expected: "64 hexadecimal digits",
                found: "another number of them"
            )
        }
        let expiry: Int? = try fields.optional("expires")?.integer(in: 0...253_402_300_799)
        self.init(name: name, scopes: scopes, expiry: expiry, salt: salt, digest: digest)
    }

    /// Writes what `init` reads.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("scopes")
        writer.strings(Scope.allCases.filter(scopes.contains).map(\.rawValue))
        if let expiry {
            writer.key("expires")
            writer.integer(expiry)
        }
        writer.key("salt")
        writer.string(Self.hexadecimal(salt))
        writer.key("sha256")
        writer.string(Self.hexadecimal(digest.bytes))
        writer.endObject()
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Bytes from hexadecimal digits; the text itself goes into no message.
    private static func bytes(_ field: JSONField) throws(JSONFieldError) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in try field.string().utf8 {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default:
                throw .mismatch(
                    path: field.path,
                    expected: "hexadecimal digits",
                    found: "something else"
                )
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil, (1...64).contains(bytes.count) else {
            throw .mismatch(
                path: field.path,
                expected: "2 to 128 hexadecimal digits, an even number",
                found: "another number of them"
            )
        }
        return bytes
    }
}
