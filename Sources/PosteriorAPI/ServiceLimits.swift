/// Bounds on what one request may ask for.
public struct ServiceLimits: Sendable, Equatable {
    /// The longest body, in bytes.
    public var bodyBytes: Int
    /// The most observations of one request.
    public var observations: Int
    /// The most draws of one observation.
    public var draws: Int
    /// The most numbers one request may hold, and the most numbers one answer is made of.
    public var numbers: Int
    /// The longest that a request may occupy a connection's loop; longer work goes to a worker.
    public var loopTime: Duration

    /// Makes limits.
    public init(
        bodyBytes: Int = 16 << 20,
        observations: Int = 100_000,
        draws: Int = 100_000,
        numbers: Int = 4_000_000,
        loopTime: Duration = .microseconds(50)
    ) {
        self.bodyBytes = bodyBytes
        self.observations = observations
        self.draws = draws
        self.numbers = numbers
        self.loopTime = loopTime
    }
}
