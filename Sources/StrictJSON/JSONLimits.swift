/// Bounds on what the parser accepts, so that a small request cannot cost much.
public struct JSONLimits: Sendable, Equatable {
    /// How deep arrays and objects may nest.
    public var depth: Int
    /// How long the input may be.
    public var bytes: Int
    /// How many values the input may hold: every number, string, literal, array and object.
    public var values: Int

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - depth: How deep arrays and objects may nest; a recursion of this depth must fit the
    ///     stack of the calling thread, so at most 512 is used.
    ///   - bytes: How long the input may be; at most 4 GiB − 1 is used.
    ///   - values: How many values the input may hold; at most 2³² − 1 is used.
    public init(depth: Int = 64, bytes: Int = 64 << 20, values: Int = 5_000_000) {
        self.depth = min(depth, 512)
        self.bytes = min(bytes, Int(UInt32.max))
        self.values = min(values, Int(UInt32.max))
    }
}
