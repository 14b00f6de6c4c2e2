public import StrictJSON

/// The keys a server knows.
public struct KeyRing: Sendable, Equatable {
    /// The most keys of a ring: every one is compared with each key that is presented.
    public static let limit = 256
    /// The longest document that is read, in bytes.
    public static let limitBytes = 1 << 20

    /// What is kept of each key.
    public let entries: [KeyEntry]

    /// A ring of some keys.
    public init(_ entries: [KeyEntry]) {
        self.entries = entries
    }

    /// Why a document is no ring.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// It is not JSON.
        case invalidJSON(JSONError)
        /// A field is wrong.
        case invalidField(JSONFieldError)

        /// One sentence.
        public var description: String {
            switch self {
            case .invalidJSON(let error): "not valid JSON: \(error)"
            case .invalidField(let error): error.description
            }
        }
    }

    /// Reads `{"keys": [{"name", "scopes", "expires", "salt", "sha256"}, …]}`.
    ///
    /// - Throws: What is wrong, by the name of the field; never any of a key.
    public init(parsing bytes: [UInt8]) throws(Failure) {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument(parsing: bytes).root
        } catch {
            throw .invalidJSON(error)
        }
        do throws(JSONFieldError) {
            entries = try Self.entries(of: root)
        } catch {
            throw .invalidField(error)
        }
    }

    private static func entries(of root: JSONValue) throws(JSONFieldError) -> [KeyEntry] {
        let fields = try JSONField(root, path: "").object()
        try fields.refuseOthers(than: ["keys"])
        let list = try fields.required("keys", expected: "a list of keys")
        let elements = try list.elements()
        guard (1...limit).contains(elements.count) else {
            throw list.mismatch("1 to \(limit) keys")
        }
        var entries: [KeyEntry] = []
        for element in elements { entries.append(try KeyEntry(element)) }
        return entries
    }

    /// The ring as a document, an entry a line.
    public var document: [UInt8] {
        let lines = entries.map { entry in
            var writer = JSONWriter()
            entry.write(to: &writer)
            return "  " + String(decoding: writer.finish(), as: UTF8.self)
        }
        return Array("{\"keys\": [\n\(lines.joined(separator: ",\n"))\n]}\n".utf8)
    }

    /// The entry of a key; nil for one that is not known or has ended.
    ///
    /// Every entry is compared, whichever is the right one.
    ///
    /// - Parameters:
    ///   - key: What was presented.
    ///   - now: Seconds since the start of 1970.
    /// - Returns: What is kept of it.
    public func entry(of key: String, at now: Int) -> KeyEntry? {
        let bytes = Array(key.utf8)
        var found: KeyEntry?
        for entry in entries {
            let isKey = KeyDigest(of: bytes, salt: entry.salt).isEqual(entry.digest)
            if isKey, entry.expiry.map({ now < $0 }) ?? true { found = entry }
        }
        return found
    }
}
