import Autodiff
import Kernels

extension LaneProgram {
    /// One at the component whose share of [0, 1) holds a uniform, zero elsewhere, `[K]`.
    ///
    /// - Parameters:
    ///   - logWeights: Log weights that sum to one, `[K]`.
    ///   - uniform: Of width 1.
    /// - Returns: The choice, `[K]`.
    mutating func appendChoice(logWeights: LaneValue, uniform: LaneValue) -> LaneValue {
        let components = logWeights.width
        guard components > 1 else { return literal([1]) }
        let weights = apply(.exp, logWeights)
        // Sums of the first k weights; the last one is certain, whatever the rounding.
        let prefix = (0..<(components - 1)).flatMap { last in (0...last).map { (last, $0) } }
        let sums = scatterAdd(
            gather(weights, prefix.map(\.1)),
            prefix.map(\.0),
            width: components - 1
        )
        let repeated = gather(uniform, Array(repeating: 0, count: components - 1))
        let below = apply(.step, subtract(sums, repeated))
        let one = literal([1])
        let zero = literal([0])
        return subtract(concatenate([below, one]), concatenate([zero, below]))
    }
}
