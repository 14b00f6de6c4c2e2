import Foundation

/// What a divergence says of how much of a posterior an attack leaves.
public enum RobustnessScore {
    /// A lower bound on the overlap of two posteriors, 1 − their total variation distance.
    ///
    ///     1 − √(1 − e^−KL)
    ///
    /// 1 is best.
    ///
    /// The divergence an attack found is evidence, not proof: another may find more. Less than
    /// zero, as chance gives it, counts as zero.
    ///
    /// *Reference*: Bretagnolle, Huber (1979), Estimation des densités: risque minimax.
    ///
    /// *Edge cases*: 0 for an infinite divergence; NaN stays NaN.
    public static func value(divergence: Double) -> Double {
        divergence.isNaN ? .nan : 1 - (-expm1(-max(divergence, 0))).squareRoot()
    }
}
