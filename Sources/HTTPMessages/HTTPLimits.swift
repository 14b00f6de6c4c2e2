/// Every bound the protocol puts on a peer, each with its unit.
///
/// RFC 9110 §5.4, §17.5 and RFC 9112 §2.2, §3, §9.5 leave the figures to the server. A bound that
/// is passed is answered with the status named beside it, and the connection closes.
public struct HTTPLimits: Sendable, Hashable {
    /// Longest request line in bytes, without its CRLF, of which RFC 9112 §3 asks for 8,000; 414.
    public var requestLineBytes = 8_192
    /// Longest field line in bytes, without its CRLF; 431 beyond it.
    public var fieldLineBytes = 8_192
    /// All field lines of a request together in bytes, with their CRLFs; 431 beyond it.
    public var headerSectionBytes = 32_768
    /// Most field lines in a request, a count; 431 beyond it.
    public var fieldLineCount = 100
    /// Extensions of one chunk in bytes; 400 beyond it.
    public var chunkExtensionBytes = 256
    /// Extensions of all chunks of one body in bytes; 400 beyond it.
    public var chunkExtensionBytesPerBody = 4_096
    /// Most chunks in one body, a count; 400 beyond it.
    public var chunkCount = 65_536
    /// Most trailer lines, a count; 431 beyond it.
    public var trailerLineCount = 16
    /// All trailer lines together in bytes; 431 beyond it.
    public var trailerBytes = 4_096
    /// The hosts that are served, in small letters and without a port; empty for any, else 421.
    public var allowedHosts: Set<String> = []
    /// Most requests on one connection, a count; the last answer says `Connection: close`.
    public var requestsPerConnection = 10_000
    /// How much of a streamed answer is asked for at a time, in bytes.
    public var streamPieceBytes = 131_072
    /// Content of a request that was refused for lack of room, dropped in bytes, so that the
    /// connection goes on; it closes beyond it.
    public var skippedBodyBytes = 65_536
    /// Bytes dropped after the last answer while the peer still sends; closed beyond it.
    public var discardedBytes = 262_144

    /// Time for a header section, from its first byte to its last; 408 after it.
    public var headerTimeout: Duration = .seconds(10)
    /// Time between two pieces of a body; 408 after it.
    public var bodyInactivityTimeout: Duration = .seconds(15)
    /// Time after which a body's average rate is checked; 408 when it is below the minimum.
    ///
    /// Content that is dropped has to be there by then.
    public var bodyRateGrace: Duration = .seconds(10)
    /// Least average rate of a body, in bytes a second; zero turns the check off.
    public var bodyBytesPerSecond = 1_024
    /// Time from the end of a request to its answer, in the queue and on a worker; 503 after it.
    ///
    /// A request may ask for less with `X-Request-Timeout`, counted from the end of its header.
    public var computeTimeout: Duration = .seconds(60)
    /// Time in which the peer takes not one byte of an answer; the connection is cut after it.
    public var writeStallTimeout: Duration = .seconds(30)
    /// Time between two requests; closed in silence after it.
    public var idleTimeout: Duration = .seconds(75)
    /// Time for the peer to finish after the last answer; closed after it.
    public var closeTimeout: Duration = .seconds(2)

    /// The default bounds.
    public init() {}
}
