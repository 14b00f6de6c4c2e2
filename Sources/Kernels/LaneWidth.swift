internal import CLaneLoops

/// How many lanes the loops take at once; the results are the same bits.
public enum LaneWidth: Sendable, CaseIterable {
    /// Eight: AVX2 on x86-64.
    case eight
    /// Sixteen: AVX-512.
    case sixteen

    /// Whether this processor has the instructions.
    public var isAvailable: Bool { lane_width_is_available(loop) }

    /// The widest that this processor has.
    public static let widest: LaneWidth = LaneWidth.sixteen.isAvailable ? .sixteen : .eight

    /// Its name among the loops.
    var loop: lane_width {
        switch self {
        case .eight: .eight
        case .sixteen: .sixteen
        }
    }
}
