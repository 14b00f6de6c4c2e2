import Synchronization

/// Whether the service wants new work; shared with whoever stops the server.
public final class Readiness: Sendable {
    private let draining = Atomic(false)

    /// Makes a readiness that is on.
    public init() {}

    /// Turns `GET /v2/health/ready` to 503; requests that still come are answered.
    public func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// Whether `beginDraining` was called.
    public var isDraining: Bool { draining.load(ordering: .relaxed) }
}
