/// The core's greatest rate of fused multiply-adds: what a matrix kernel is measured against.
public enum MultiplyAddPeak {
    /// Independent chains, enough to hide the latency of a multiply-add.
    private static let chains = 12

    /// Floating-point operations of `run`.
    public static func operations(rounds: Int) -> Double {
        Double(rounds * chains * LaneMemory.vectorWidth * 2)
    }

    /// Runs chains of multiply-adds that stay in registers; the result only keeps them alive.
    @inline(never)
    public static func run(rounds: Int) -> Float {
        var sums = InlineArray<12, SIMD8<Float>>(repeating: .zero)
        for chain in 0..<12 { sums[chain] = SIMD8(repeating: Float(chain)) }
        let factor = SIMD8<Float>(repeating: 0.999)
        let offset = SIMD8<Float>(repeating: 1e-3)
        for _ in 0..<rounds {
            for chain in 0..<12 {
                unsafe sums[unchecked: chain] =
                    offset.addingProduct(sums[unchecked: chain], factor)
            }
        }
        var total = SIMD8<Float>.zero
        for chain in 0..<12 { total += sums[chain] }
        return total.sum()
    }
}
