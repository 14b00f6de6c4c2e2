import Synchronization

/// Whether anybody still waits for an answer: set by the connection, looked at by the work.
///
/// It is set, and stays so, when the connection is gone, when its client has been told that the
/// answer comes too late, and when the client sends no more. The last is how a client that
/// disconnects looks until something is sent to it, and work that takes long must end before that;
/// work that is short need not look, and a client that only closed its sending side is answered.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Makes one that is not set.
    public init() {}

    /// Tells the work to end.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether the work should end.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
