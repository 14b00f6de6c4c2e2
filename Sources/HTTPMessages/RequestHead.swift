public import HTTPTypes

/// How the end of a request's content is found, RFC 9112 §6.3.
public enum BodyFraming: Sendable, Hashable {
    /// Neither length field is present: no content.
    case none
    /// `Content-Length` bytes.
    case length(Int)
    /// `Transfer-Encoding: chunked`.
    case chunked

    /// Whether content is announced: a length above zero, or chunks.
    public var hasBody: Bool {
        switch self {
        case .none: false
        case .length(let count): count > 0
        case .chunked: true
        }
    }

    /// Whether either length field is present.
    public var hasLength: Bool { self != .none }
}

/// A request whose header section is complete and has passed every check of the protocol.
public struct RequestHead: Sendable, Hashable {
    /// Method, scheme, authority, path and fields.
    public var request: HTTPRequest
    /// The digit after `HTTP/1.`.
    public var minorVersion: Int
    /// How the content ends.
    public var framing: BodyFraming
    /// Whether the client waits for `100 Continue`, RFC 9110 §10.1.1.
    public var expectsContinue: Bool
    /// Whether the client wants or needs the connection closed afterwards, RFC 9112 §9.3.
    public var closesConnection: Bool
    /// How long the client waits for the answer, as it says in `X-Request-Timeout`.
    public var timeout: Duration?
}

/// The fields whose rules the protocol checks, and the common ones, recognised without a copy.
enum KnownField: UInt32 {
    case host
    case contentLength
    case transferEncoding
    case connection
    case expect
    case contentType
    case contentEncoding
    case authorization
    case inferenceHeaderContentLength
    case userAgent
    case accept
    case acceptEncoding
    case requestTimeout

    /// Finds the field a name stands for, capitals ignored; nil for any other.
    init?(_ name: Span<UInt8>) {
        let candidate: KnownField
        switch name.count {
        case 4: candidate = .host
        case 6: candidate = HTTPGrammar.lowercased(name[0]) == 0x61 ? .accept : .expect
        case 10: candidate = HTTPGrammar.lowercased(name[0]) == 0x75 ? .userAgent : .connection
        case 12: candidate = .contentType
        case 13: candidate = .authorization
        case 14: candidate = .contentLength
        case 15: candidate = .acceptEncoding
        case 16: candidate = .contentEncoding
        case 17:
            candidate =
                HTTPGrammar.lowercased(name[0]) == 0x78 ? .requestTimeout : .transferEncoding
        case 31: candidate = .inferenceHeaderContentLength
        default: return nil
        }
        guard HTTPGrammar.equals(name, lowercase: candidate.canonicalName) else { return nil }
        self = candidate
    }

    private static let inferenceName = HTTPField.Name("Inference-Header-Content-Length")
    private static let timeoutName = HTTPField.Name("X-Request-Timeout")

    /// The field's name; nil for Host, which a request carries as its authority.
    var name: HTTPField.Name? {
        switch self {
        case .host: nil
        case .contentLength: .contentLength
        case .transferEncoding: .transferEncoding
        case .connection: .connection
        case .expect: .expect
        case .contentType: .contentType
        case .contentEncoding: .contentEncoding
        case .authorization: .authorization
        case .inferenceHeaderContentLength: Self.inferenceName
        case .userAgent: .userAgent
        case .accept: .accept
        case .acceptEncoding: .acceptEncoding
        case .requestTimeout: Self.timeoutName
        }
    }

    /// The name in small letters.
    var canonicalName: String { name?.canonicalName ?? "host" }

    /// Whether the field may stand only once, RFC 9110 §5.5.
    var isSingleton: Bool {
        switch self {
        case .connection, .expect, .accept, .acceptEncoding: false
        default: true
        }
    }

    /// The field's place in a set of seen fields.
    var bit: UInt32 { 1 << rawValue }
}
