/// How much work a client may ask for: a token bucket filled with time of workers.
///
/// A client is one key of an API, or else one IPv4 address or one IPv6 network of 64 bits. What a
/// request costs is known only when it has been answered, so a client may begin as long as its
/// bucket is not empty, and what it has used beyond it has to be paid back first.
public struct ClientBudget: Sendable, Hashable {
    /// Work a second, in milliseconds of one worker: 500 is half a worker.
    public var millisecondsPerSecond: Int
    /// Work that an idle client saves up at most, in milliseconds of one worker.
    public var burstMilliseconds: Int

    /// Makes a budget.
    public init(millisecondsPerSecond: Int, burstMilliseconds: Int) {
        self.millisecondsPerSecond = max(1, millisecondsPerSecond)
        self.burstMilliseconds = max(1, burstMilliseconds)
    }
}
