/// A density estimator as training sees it: a loss over a flat vector of parameters.
///
/// Data come as whole tables, theta `[N, D]` and x `[N, L]` in the user's units, with the rows to
/// use. Results do not depend on `workers`.
public protocol TrainableDensityEstimator: Sendable {
    /// Number of entries of the parameter vector.
    var parameterCount: Int { get }

    /// Random initial weights; a function of the seed alone.
    func initialParameters(seed: UInt64) -> [Float]

    /// The sum over `rows` of −log q(theta | x); overwrites `gradient` with that of the *mean*.
    func lossAndGradient(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int,
        gradient: inout [Float]
    ) -> Double

    /// −log q(theta | x) of each row, in the order of `rows`.
    func losses(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int
    ) -> [Float]

    /// The estimator with these parameters, ready to serve.
    ///
    /// - Throws: `EstimatorError` when a parameter is not finite.
    func posterior(parameters: [Float]) throws(EstimatorError) -> Posterior
}
