public import Estimators

/// Fits density estimators to simulations: neural posterior estimation.
///
///     minimise over φ  E[−log q(θ | x; φ)],  (θ, x) ~ p(θ) p(x | θ)
///
/// Adam or AdamW on shuffled batches with clipped gradients, a learning rate that warms up and then
/// falls along a cosine or on plateaus, and a running average of the weights. The average is what is judged on held-out
/// rows after every epoch, and the best one is what training returns, however it ends.
///
/// The result is a function of data, architecture and configuration: the same bytes whatever the
/// number of workers, and whether or not the run was interrupted and resumed.
///
/// *Reference*: Papamakarios, Murray (2016), Fast ε-free Inference of Simulation Models with
/// Bayesian Conditional Density Estimation, arXiv:1605.06376.
public struct Trainer: Sendable {
    /// How weights are fitted.
    public let configuration: TrainingConfiguration
    /// How many threads may take part.
    public let workers: Int
    /// After how long to end training with the best weights so far, if ever.
    ///
    /// It is counted from the call, not over the parts of a resumed run, and is no part of what the
    /// result is a function of: with a checkpoint, a run it ended can be resumed.
    public let timeLimit: Duration?

    /// Checks the configuration.
    public init(
        configuration: TrainingConfiguration,
        workers: Int,
        timeLimit: Duration? = nil
    ) throws(TrainingError) {
        try configuration.validate()
        guard workers > 0 else {
            throw .invalidSetting(name: "workers", expected: "at least 1", found: "\(workers)")
        }
        self.configuration = configuration
        self.workers = workers
        self.timeLimit = timeLimit
    }

    /// Trains an estimator of this architecture on simulations.
    ///
    /// - Parameters:
    ///   - architecture: The structure of the estimator.
    ///   - embedding: The network between x and the estimator, if there is one.
    ///   - data: The pairs to train on; part of them is held out.
    ///   - checkpoint: Where to keep the state, if anywhere.
    ///   - isCancelled: Asked before every step; true ends training with the best weights so far.
    ///   - progress: Called a few times a second, and at the end of every epoch.
    /// - Returns: The posterior with the best weights.
    /// - Throws: `TrainingError` naming what went wrong, and at which step.
    public func train(
        _ architecture: EstimatorArchitecture,
        embedding: EmbeddingArchitecture? = nil,
        on data: SimulationSet,
        checkpoint: CheckpointFile? = nil,
        isCancelled: () -> Bool = { false },
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws(TrainingError) -> TrainedPosterior {
        let split = data.split(
            validationFraction: configuration.validationFraction,
            seed: configuration.seed
        )
        var logarithm: LogarithmicScale?
        if configuration.scalesHeavyTails, configuration.xZScore == .independent {
            var isFirst = true
            try data.forEachBatch(of: split.training.prefix(10_000)) { batch in
                if isFirst {
                    logarithm = LogarithmicScale(x: batch.x, rows: batch.rows, xDim: data.xDim)
                }
                isFirst = false
            }
        }
        var standardization = try Standardization(
            prior: data.prior,
            support: configuration.support,
            xDim: data.xDim,
            thetaZScore: configuration.thetaZScore,
            xZScore: configuration.xZScore,
            trials: Self.trialLimit(architecture, embedding) ?? 1,
            forEachBatch: { body throws(TrainingError) in
                try data.forEachBatch(of: split.training) {
                    body($0.theta, logarithm?.values(of: $0.x) ?? $0.x, $0.rows)
                }
            }
        )
        standardization.xLogarithm = logarithm
        let estimator: any TrainableDensityEstimator
        do {
            estimator = try architecture.trainable(
                embedding: embedding,
                prior: data.prior,
                support: configuration.support,
                standardization: standardization
            )
        } catch {
            throw .estimator(error)
        }
        let outcome = try fit(
            estimator,
            to: data,
            split: split,
            label: embedding.map { "\(architecture) \($0)" } ?? "\(architecture)",
            checkpoint: checkpoint,
            isCancelled: isCancelled,
            progress: progress
        )
        do {
            return TrainedPosterior(
                posterior: try estimator.posterior(parameters: outcome.parameters),
                outcome: outcome
            )
        } catch {
            throw .estimator(error)
        }
    }

    /// How many trials x is a set of, if it is: what an embedding network, or a member's, says.
    private static func trialLimit(
        _ architecture: EstimatorArchitecture,
        _ embedding: EmbeddingArchitecture?
    ) -> Int? {
        guard case .ensemble(let members) = architecture else { return embedding?.trialLimit }
        return members.lazy.compactMap { $0.embedding?.trialLimit }.first
    }

    /// Fits the parameters of an estimator to the training rows of a split.
    ///
    /// - Parameters:
    ///   - estimator: What gives the loss and its gradient.
    ///   - data: The pairs.
    ///   - split: Which of them train and which judge.
    ///   - label: Names the estimator's structure; a checkpoint of another one is refused.
    ///   - checkpoint: Where to keep the state, if anywhere.
    ///   - isCancelled: Asked before every step; true ends training with the best weights so far.
    ///   - progress: Called a few times a second, and at the end of every epoch.
    /// - Returns: The best weights and the course of the run.
    /// - Throws: `TrainingError` naming what went wrong, and at which step.
    public func fit(
        _ estimator: any TrainableDensityEstimator,
        to data: SimulationSet,
        split: DataSplit,
        label: String,
        checkpoint: CheckpointFile? = nil,
        isCancelled: () -> Bool = { false },
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws(TrainingError) -> TrainingOutcome {
        var run = try TrainingRun(
            trainer: self,
            estimator: estimator,
            data: data,
            split: split,
            label: label,
            checkpoint: checkpoint
        )
        let stopReason = try run.complete(isCancelled: isCancelled, progress: progress)
        return try run.outcome(stopReason: stopReason)
    }
}

/// A trained posterior, with what trained it.
public struct TrainedPosterior: Sendable {
    /// The estimator with the best weights, ready to serve.
    public let posterior: Posterior
    /// The best weights and the course of the run.
    public let outcome: TrainingOutcome
}

extension Posterior {
    /// −log q(theta | x) of every row of a set in memory, in order; before any truncation.
    public func losses(on data: SimulationSet, workers: Int) -> [Double] {
        untruncatedLogProb(data.theta, given: data.x, workers: workers).map { -Double($0) }
    }
}

/// A mean loss and how far chance may have moved it.
public struct LossEstimate: Sendable, Equatable {
    /// The mean over the rows.
    public let mean: Double
    /// The standard error of the mean.
    public let standardError: Double

    /// Averages the losses of two or more rows.
    public init(_ losses: [Double]) {
        let count = Double(losses.count)
        let mean = losses.reduce(0, +) / count
        let squares = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        standardError = (squares / (count - 1) / count).squareRoot()
    }
}
