public import HTTPTypes

/// A response: status, fields and content, whole or as a stream.
///
/// The connection adds `Date`, `Server`, `Content-Length` or `Transfer-Encoding`, and `Connection`.
public struct ServerResponse: Sendable {
    /// Status and fields.
    public var head: HTTPResponse
    /// The content, empty where there is none or where it is streamed.
    public var body: [UInt8]
    /// Makes the content piece by piece; nil where `body` is all of it.
    public var stream: (any ResponseStream)?

    /// Makes a response from its head and body.
    public init(head: HTTPResponse, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// Makes a response whose content is made while it is being sent.
    public init(head: HTTPResponse, stream: any ResponseStream) {
        self.head = head
        self.body = []
        self.stream = stream
    }
}

/// What the service wants done with a request whose header section is complete.
public enum Admission: Sendable {
    /// Answer at once, on the connection's loop; a body that follows is not read.
    case respond(ServerResponse)
    /// Read the body, at most `limitBytes` of it, then call `compute` on a worker.
    case compute(limitBytes: Int)
}

/// A request that was admitted and whose content is complete.
public struct AdmittedRequest: Sendable {
    /// As it was admitted.
    public let request: HTTPRequest
    /// The complete content.
    public let body: [UInt8]
    /// What is known of it.
    public let context: RequestContext

    /// Makes an admitted request from its parts.
    public init(_ request: HTTPRequest, body: [UInt8], context: RequestContext) {
        self.request = request
        self.body = body
        self.context = context
    }
}

/// The application behind the connections: a function from request to response in two steps.
public protocol HTTPService: Sendable {
    /// Decides from the header section alone; runs on a connection's loop and never blocks.
    ///
    /// - Parameters:
    ///   - request: The validated request line and fields.
    ///   - hasBody: Whether the message announces content (a length above zero, or chunks).
    ///   - hasLength: Whether either length field is present (else a needed body is 411).
    ///   - context: What is known of the request; the service adds what it finds out.
    /// - Returns: Whether to answer now or to read the body and compute.
    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission

    /// Answers those of the admitted requests that need little work; runs on a connection's loop.
    ///
    /// A loop asks this about the requests of a round of events before it hands them to the
    /// workers, but only as long as such answers leave it time for its other connections.
    ///
    /// - Parameter requests: At most eight requests, of any connections.
    /// - Returns: For each the final response, or nil, decided within microseconds, when it
    ///   would take longer than about 50 µs.
    func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?]

    /// Answers an admitted request; runs on a worker.
    ///
    /// - Parameters:
    ///   - request: As it was admitted, with its content.
    ///   - idleWorkers: How many other workers have nothing to do just now.
    ///   - cancellation: Tells when nobody waits for the response any more; work that takes long
    ///     looks at it.
    /// - Returns: The final response.
    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse

    /// Words what the server itself has against a request; runs on a connection's loop.
    ///
    /// - Parameters:
    ///   - error: The rule that was broken, or the limit.
    ///   - request: The request; nil when its header section was not understood.
    /// - Returns: The final response, with the error's status.
    func refusal(_ error: HTTPParseError, of request: HTTPRequest?) -> ServerResponse
}

extension HTTPService {
    /// Leaves all work to the workers.
    public func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        requests.map { _ in nil }
    }

    /// The error as the protocol's own words have it.
    public func refusal(_ error: HTTPParseError, of request: HTTPRequest?) -> ServerResponse {
        error.response
    }
}

extension HTTPResponse.Status {
    /// 499 as nginx uses it: no registered status fits a client that is gone.
    package static let clientClosedRequest = Self(
        code: 499,
        reasonPhrase: "Client Closed Request"
    )
}
