public import Credentials
import Glibc
import HTTPMessages
import HTTPTypes
import Synchronization

/// Who may ask for what: nothing is asked of anybody while there are no keys.
public final class AccessControl: Sendable {
    private let ring: Mutex<KeyRing?>

    /// Makes access control with some keys, or with none.
    public init(_ ring: KeyRing? = nil) {
        self.ring = Mutex(ring)
    }

    /// Whether keys are asked for.
    public var isOn: Bool { ring.withLock { $0 != nil } }

    /// Takes other keys from now on.
    ///
    /// *Edge cases*: access control that is off stays off, and one that is on stays on.
    public func replace(_ new: KeyRing) {
        ring.withLock { ring in
            if ring != nil { ring = new }
        }
    }

    /// Refuses a request whose key is missing, unknown, or not for this.
    ///
    /// - Parameters:
    ///   - request: Its `Authorization` and `X-API-Key` are looked at.
    ///   - scope: What it needs; nil for a path that is none of ours, which needs any key.
    ///   - context: Receives the name of the key.
    /// - Throws: 400 for two keys, 401 for none that is valid, 403 for one that is not enough.
    func check(
        _ request: HTTPRequest,
        for scope: Scope?,
        _ context: inout RequestContext
    ) throws(APIError) {
        guard let ring = ring.withLock({ $0 }) else { return }
        guard let key = try Self.key(of: request) else { throw .unauthorized(isWrong: false) }
        guard let entry = ring.entry(of: key, at: time(nil)) else {
            context.hasWrongKey = true
            throw .unauthorized(isWrong: true)
        }
        context.client = entry.name
        guard let scope else { return }
        guard entry.scopes.contains(scope) else { throw .forbidden(scope) }
    }

    /// The one key a request presents, RFC 6750 §2.1, or by its own field.
    private static func key(of request: HTTPRequest) throws(APIError) -> String? {
        var key: String?
        for field in request.headerFields {
            let presented: String
            if field.name == .apiKey {
                presented = field.value
            } else if field.name == .authorization {
                let parts = field.value.split(separator: " ", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                    throw .unauthorized(isWrong: true)
                }
                presented = String(parts[1])
            } else {
                continue
            }
            if let key, key != presented { throw .conflictingCredentials }
            key = presented
        }
        return key
    }
}

extension HTTPField.Name {
    /// A key, by custom rather than by a standard.
    static let apiKey: HTTPField.Name = {
        guard let name = HTTPField.Name("X-API-Key") else { preconditionFailure("no token") }
        return name
    }()
}
