/// The Fisher information of a posterior with respect to its observation.
///
///     I = E over theta ~ q(· | x) of g gᵀ,  g = ∇ₓ log q(theta | x)
///
/// It measures how far the posterior moves with the observation: for small perturbations δ of x, in
/// the user's units, KL(q(· | x) ‖ q(· | x + δ)) ≈ ½ δᵀ I δ ≤ ½ λmax ‖δ‖² ≤ ½ tr I ‖δ‖².
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984, section 4.
public struct FisherInformation: Sendable, Equatable {
    /// tr I.
    public var trace: MonteCarloEstimate
    /// λmax; from draws it is measured along the eigenvectors of other draws, so that its mean is at
    /// most λmax, and less by what those vectors are off.
    public var largestEigenvalue: MonteCarloEstimate
    /// The eigenvector of λmax: the direction of x in which little moves the posterior most, of
    /// length one, `[L]`.
    public var direction: [Double]
    /// I, `[L, L]` row by row, if it was asked for.
    public var matrix: [Double]?
    /// How it was computed.
    public var method: Method

    /// Ways to compute Fisher information.
    public enum Method: String, Sendable {
        /// From the derivatives of mean and covariance: the posterior is one normal.
        case closedForm = "closed_form"
        /// As a mean over draws.
        case monteCarlo = "monte_carlo"
    }

    /// Makes a value from its parts.
    public init(
        trace: MonteCarloEstimate,
        largestEigenvalue: MonteCarloEstimate,
        direction: [Double],
        matrix: [Double]? = nil,
        method: Method
    ) {
        self.trace = trace
        self.largestEigenvalue = largestEigenvalue
        self.direction = direction
        self.matrix = matrix
        self.method = method
    }
}
