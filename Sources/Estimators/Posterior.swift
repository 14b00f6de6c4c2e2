public import Distributions

/// An amortized posterior q(theta | x): immutable, and safe to share between threads.
///
/// The axes are `B` observations, `S` samples of each, `D` dimensions of theta, `L` of x.
public struct Posterior: Sendable {
    /// The structure of the estimator.
    public let architecture: EstimatorArchitecture
    /// The prior the estimator was trained under; theta lives in its support.
    public let prior: DistributionDescription
    /// D, the number of parameters.
    public let thetaDim: Int
    /// L, the number of entries of one flattened observation.
    public let xDim: Int

    /// Checks every part against the others and prepares the estimator.
    ///
    /// - Throws: `EstimatorError` naming the part that does not fit.
    public init(
        architecture: EstimatorArchitecture,
        prior: DistributionDescription,
        thetaDim: Int,
        xDim: Int,
        tensors: [String: Tensor]
    ) throws(EstimatorError) {
        self.architecture = architecture
        self.prior = prior
        self.thetaDim = thetaDim
        self.xDim = xDim
    }

    /// Every array of the model file: weights and standardisation, by name.
    public var tensors: [String: Tensor] { [:] }

    /// Draws from the posterior of each observation.
    ///
    /// A draw is a function of the weights, the observation's float32 bytes, the seed and its
    /// index alone: neither the batch, `count` nor `workers` changes a bit of it.
    ///
    /// - Parameters:
    ///   - count: S, the number of draws of each observation.
    ///   - observations: `[B, L]`, row-major.
    ///   - seed: The seed of the draws.
    ///   - withLogProb: Whether to return the log density of each draw, too.
    ///   - workers: How many threads may take part.
    /// - Returns: The draws `[B, S, D]` and, if asked for, their log densities `[B, S]`.
    public func sample(
        count: Int,
        given observations: [Float],
        seed: UInt64,
        withLogProb: Bool = false,
        workers: Int = 1
    ) -> PosteriorSamples {
        PosteriorSamples(theta: [], logProb: nil)
    }

    /// log q(theta | x) of theta `[B, S, D]` given observations `[B, L]`, `[B, S]`.
    ///
    /// *Edge cases*: −∞ outside the prior's support.
    public func logProb(_ theta: [Float], given observations: [Float], workers: Int = 1) -> [Float]
    {
        []
    }
}

/// Draws from the posteriors of a batch of observations.
public struct PosteriorSamples: Sendable, Equatable {
    /// The draws, `[B, S, D]`, row-major.
    public let theta: [Float]
    /// The log density of each draw, `[B, S]`, when it was asked for.
    public let logProb: [Float]?

    /// Makes a value from draws and their log densities.
    public init(theta: [Float], logProb: [Float]?) {
        self.theta = theta
        self.logProb = logProb
    }
}
