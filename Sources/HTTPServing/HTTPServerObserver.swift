public import HTTPMessages
public import HTTPTypes

/// Is told what happens on a server's connections; called on the I/O loops, so it never blocks.
public protocol HTTPServerObserver: Sendable {
    /// A final answer was handed to its connection, the last piece of it where it was streamed.
    func answered(_ exchange: HTTPExchange)

    /// Something happened to a connection.
    func happened(_ event: HTTPServerEvent)
}

/// A request and its answer.
public struct HTTPExchange: Sendable {
    /// The request; nil when its header section was not understood.
    public let request: HTTPRequest?
    /// What is known of it.
    public let context: RequestContext
    /// Who sent it.
    public let peer: PeerAddress
    /// The status of the answer.
    public let status: Int
    /// Bytes of content that were received.
    public let bytesIn: Int
    /// Bytes of content that are sent.
    public internal(set) var bytesOut: Int
    /// The rule of the protocol, or the limit, that ended the request; nil when none did.
    public let refusal: HTTPParseError?
    /// How long it waited and was worked on; only worked on where the loop answered.
    public let work: WorkTimes
    /// From the end of its header section to the answer.
    public internal(set) var total: Duration
    /// Whether the answer was streamed and ended before it was complete.
    public internal(set) var isCutOff = false
}

/// How long a request waited for a worker and was then worked on.
public struct WorkTimes: Sendable {
    /// Time in the queue.
    public var waiting: Duration = .zero
    /// Time on a worker.
    public var computing: Duration = .zero

    /// None.
    public init() {}
}

/// What happens to connections.
public enum HTTPServerEvent: Sendable, Equatable {
    /// A connection was accepted.
    case opened
    /// A connection is gone.
    case closed
    /// A connection was closed at once, since its address has too many.
    case refused
    /// Accepting failed with an error number.
    case acceptFailed(code: Int32)
    /// A TLS handshake ended, or TLS failed after it.
    case tls(TLSOutcome, peer: PeerAddress)
}

/// How busy a server is at a moment.
public struct HTTPServerLoad: Sendable, Equatable {
    /// Open connections, a count.
    public var connections = 0
    /// Requests that wait for a worker, a count.
    public var waiting = 0
    /// Requests that are being worked on, a count.
    public var running = 0
    /// The most that may wait and run together, a count.
    public var queueLimit = 0
    /// Content held for requests, and of answers that wait for their clients, in bytes.
    public var queueBytes = 0

    /// Not at all.
    public init() {}
}
