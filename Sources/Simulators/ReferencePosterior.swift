public import Distributions

/// The exact posterior of a task: the referee that estimators are measured against.
public protocol ReferencePosterior: Sendable {
    /// The lowest mean of −log q(theta | x) any estimator can reach, the entropy of theta given x,
    /// where it is known in closed form.
    var optimalLoss: Double? { get }

    /// The posterior of one observation, `[L]`.
    ///
    /// - Throws: `DistributionError` when the observation is not finite.
    func posterior(given observation: [Double]) throws(DistributionError) -> any Distribution
}
