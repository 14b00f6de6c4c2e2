public import HTTPTypes

/// What a server knows of a request beyond its bytes: its name in logs, its trace, and what the
/// service finds out while it admits it.
public struct RequestContext: Sendable {
    /// Names the request in logs and, as `X-Request-Id`, in its answer: the client's own name for
    /// it if it is 1 to 64 of `A-Z a-z 0-9 . _ -`, else one that was made.
    public let id: String
    /// The trace of a client that sent `traceparent`; nil where none was sent.
    public let trace: TraceContext?
    /// The template of its route, such as `/v1/models/{model}`; nil where none matches.
    public var route: String?
    /// The model it asks for, if there is one of that name.
    public var model: String?
    /// The version of the model that it asks for.
    public var version: Int?
    /// The name of the key it was sent with.
    public var client: String?
    /// Whether it asks after the server's health, which is answered however full the server is.
    public var isProbe = false
    /// Whether it asks for work that takes long by its nature, which is to leave room for others.
    public var takesLong = false
    /// Whether it was refused for a key that is not known.
    public var hasWrongKey = false
    /// What the service found for it while admitting it, and keeps until it is answered.
    public var subject: (any Sendable)?
    /// The subject of the certificate its client showed, as RFC 4514 writes it.
    public var certificate: String?

    /// Makes the context of a request.
    ///
    /// - Parameters:
    ///   - request: Nil when its header section was not understood.
    ///   - random: Two numbers nobody has seen yet.
    public init(_ request: HTTPRequest?, random: (UInt64, UInt64)) {
        var id: String?
        var parent: String?
        var ids = 0
        var parents = 0
        if let request {
            for field in request.headerFields {
                if field.name == .requestID {
                    ids += 1
                    id = field.value
                } else if field.name == .traceparent {
                    parents += 1
                    parent = field.value
                }
            }
        }
        if let id, ids == 1, Self.isRequestID(id) {
            self.id = id
        } else {
            self.id = TraceContext.text(random.0)
        }
        if parents > 0 {
            let known = parent.flatMap { parent in
                parents == 1 ? TraceContext(parsing: parent, spanID: random.1) : nil
            }
            trace = known ?? TraceContext(high: ~random.0, low: ~random.1, spanID: random.1)
        } else {
            trace = nil
        }
    }

    private static func isRequestID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}

extension HTTPField.Name {
    /// Names a request, by custom rather than by a standard.
    package static let requestID = constant("X-Request-Id")
    /// Names the trace a request belongs to, W3C Trace Context §3.2.
    package static let traceparent = constant("traceparent")

    private static func constant(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("no token: \(name)") }
        return name
    }
}
