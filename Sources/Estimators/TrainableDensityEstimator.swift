import Autodiff
public import Distributions

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

extension EstimatorArchitecture {
    /// The estimator of this structure over a vector of parameters to be trained.
    ///
    /// - Parameters:
    ///   - embedding: The network between x and the estimator, if there is one.
    ///   - prior: The prior of the simulations.
    ///   - support: How the posterior is to keep to the prior's support.
    ///   - standardization: How theta and x are standardised, in every member of an ensemble.
    /// - Returns: The estimator.
    /// - Throws: `EstimatorError` naming the part that does not fit.
    public func trainable(
        embedding: EmbeddingArchitecture? = nil,
        prior: DistributionDescription,
        support: PosteriorSupport = .unconstrained,
        standardization: Standardization
    ) throws(EstimatorError) -> any TrainableDensityEstimator {
        let density = try ConditionalDensity(
            architecture: self,
            embedding: embedding,
            prior: prior,
            support: support,
            standardizations: Array(
                repeating: standardization,
                count: try members(embedding: embedding).count
            )
        )
        return NPEEstimator(
            architecture: self,
            embedding: embedding,
            prior: prior,
            support: support,
            density: density
        )
    }
}

/// The NPE loss −log q(theta | x) of a conditional density and its gradient.
///
/// *Reference*: Papamakarios and Murray (2016), Fast ε-free inference of simulation models with
/// Bayesian conditional density estimation, arXiv:1605.06376, eq. 4.
private struct NPEEstimator: TrainableDensityEstimator {
    private let architecture: EstimatorArchitecture
    private let embedding: EmbeddingArchitecture?
    private let prior: DistributionDescription
    private let support: PosteriorSupport
    private let density: ConditionalDensity
    private let lossEvaluator: LaneEvaluator
    private let gradientEvaluator: GradientEvaluator

    var parameterCount: Int { density.layout.count }

    init(
        architecture: EstimatorArchitecture,
        embedding: EmbeddingArchitecture?,
        prior: DistributionDescription,
        support: PosteriorSupport,
        density: ConditionalDensity
    ) {
        self.architecture = architecture
        self.embedding = embedding
        self.prior = prior
        self.support = support
        self.density = density
        var (program, logProb) = density.logProbProgram()
        let loss = program.scale(logProb, by: -1)
        lossEvaluator = LaneEvaluator(program, outputs: [loss])
        let presence = program.input(1, rate: .sample, kind: .presence)
        _ = program.appendCotangents(
            of: loss,
            cotangent: presence,
            withRespectTo: [],
            parameterSinks: true
        )
        gradientEvaluator = GradientEvaluator(program, loss: loss)
    }

    func initialParameters(seed: UInt64) -> [Float] {
        density.initialParameters(seed: seed)
    }

    func lossAndGradient(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int,
        gradient: inout [Float]
    ) -> Double {
        gradientEvaluator.lossAndGradient(
            parameters: parameters,
            count: rows.count,
            sources: [.selected(theta, rows: rows), .selected(x, rows: rows), .presence],
            workers: workers,
            gradient: &gradient
        )
    }

    func losses(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int
    ) -> [Float] {
        lossEvaluator.evaluate(
            parameters: parameters,
            observations: rows.count,
            samples: 1,
            sources: [.selected(theta, rows: rows), .selected(x, rows: rows)],
            workers: workers
        )
    }

    func posterior(parameters: [Float]) throws(EstimatorError) -> Posterior {
        try Posterior(
            architecture,
            embedding,
            prior,
            support,
            density,
            parameters: parameters
        )
    }
}
