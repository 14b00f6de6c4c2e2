public import HTTPMessages
import SystemFiles

/// Where a server listens and how much it takes on; every bound has its unit.
public struct HTTPServerConfiguration: Sendable {
    /// Name or numeric address to bind to.
    public var host = "127.0.0.1"
    /// Port to bind to; 0 for a free one.
    public var port: UInt16 = 8_080
    /// Whether to refuse an address that can be reached from other machines.
    public var requiresLoopback = false
    /// Listening sockets that the process was started with, in place of host and port; at most one.
    ///
    /// The server owns them.
    public var inheritedListeners: [Int32] = []
    /// Threads that read and write, a count; nil for a quarter of the cores, from 1 to 4.
    public var loopCount: Int?
    /// How they are scheduled.
    public var ioPriority = IOPriority.realTime
    /// Threads that compute, a count; nil for one a core.
    public var workerCount: Int?
    /// How long work may run for each request that waits behind it, before another thread helps out,
    /// as many threads as there are workers at most; nil for ever.
    public var longWorkTime: Duration? = .milliseconds(2)
    /// Most connections, a count; on 64 more probes are answered, and all else with 503.
    ///
    /// Never more than the process may open descriptors, less 128.
    public var connectionLimit = 4_096
    /// Most connections from one address, a count; nil for no limit, as behind a proxy.
    public var connectionLimitPerAddress: Int? = 256
    /// Most requests waiting or being computed, a count; 503 beyond it.
    ///
    /// That is half more than 64: so many clients are all served, and when more of them ask, those
    /// that are taken wait at most half as long again.
    public var queueLimit = 96
    /// Most content held for requests, and of answers that wait for their clients, in bytes; 503
    /// beyond it.
    public var queueLimitBytes = 256 << 20
    /// How long an answer may wait for its client while more than that is held; cut off after it.
    public var heldAnswerTime: Duration = .seconds(10)
    /// Longest time a request may wait for a worker; 503 after it, and for new requests while
    /// the first in line has waited that long.
    public var queueTimeout: Duration = .seconds(10)
    /// What each client may have worked for it; nil for as much as it likes.
    public var clientBudget: ClientBudget?
    /// Most requests of one client that wait for workers or are worked on, a count; 429 beyond it,
    /// nil for no limit but the queue's.
    public var clientRequestLimit: Int?
    /// How many wrong keys from one address are answered as such before there is one a second, the
    /// others 429; nil for all.
    public var failedKeyLimit: Int? = 100
    /// What the server proves its name with; nil for connections that are not encrypted.
    public var credentials: TLSCredentials?
    /// Time for a TLS handshake; the connection is closed after it.
    public var handshakeTimeout: Duration = .seconds(10)
    /// Most TLS handshakes in progress, a count; beyond it the oldest gives way to a new one.
    public var handshakeLimit = 1_024
    /// The bounds of the protocol.
    public var limits = HTTPLimits()

    /// The default configuration.
    public init() {}
}

/// Why a server could not start.
public enum HTTPServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The host has no address.
    case unknownHost(String)
    /// A system call failed with an error number.
    case system(call: String, code: Int32)
    /// The address can be reached from other machines, which was not wanted.
    case notLoopback(String)
    /// A socket the process was started with does not listen, or there are several.
    case unusableListener
    /// The server was started before.
    case alreadyStarted

    /// A sentence for people.
    public var description: String {
        switch self {
        case .unknownHost(let host): "The host '\(host)' has no address to listen on."
        case .system(let call, let code): "\(call) failed: \(errorText(code))."
        case .notLoopback(let address): "The address \(address) is not a loopback address."
        case .unusableListener:
            "Of the sockets the process was started with, exactly one has to be a listening stream."
        case .alreadyStarted: "The server was already started."
        }
    }
}
