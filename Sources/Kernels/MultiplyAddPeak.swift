internal import CLaneLoops

/// The core's greatest rate of fused multiply-adds: what a matrix kernel is measured against.
public enum MultiplyAddPeak {
    /// Floating-point operations of `run`.
    public static func operations(rounds: Int) -> Double {
        Double(rounds) * lane_multiply_adds_a_round(LaneWidth.widest.loop) * 2
    }

    /// Runs chains of multiply-adds that stay in registers; the result only keeps them alive.
    @inline(never)
    public static func run(rounds: Int) -> Float {
        lane_multiply_adds(rounds, LaneWidth.widest.loop)
    }
}
