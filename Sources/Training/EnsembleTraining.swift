public import Estimators

/// Trains one estimator, or several from seeds of their own: the posterior is then their
/// equal-weight mixture.
///
/// Members differ in their split, initial weights, order of batches and random structure, not in
/// the simulations; each is trained to its end before the next begins. What one has wrong by
/// chance the others mostly have not, so that their mixture is more accurate and less
/// overconfident than any of them.
///
/// *Reference*: Lakshminarayanan, Pritzel, Blundell (2017), Simple and Scalable Predictive
/// Uncertainty Estimation using Deep Ensembles, arXiv:1612.01474.
public struct EnsembleTraining: Sendable {
    /// The settings of the first member but for the weight decay; the others have another seed.
    public let configuration: TrainingConfiguration
    /// How many members are trained one after the other.
    public let members: Int
    /// The weight decays each member tries.
    public let decays: [Double]
    /// How many threads may take part.
    public let workers: Int
    /// After how long to end with what there is by then, if ever.
    public let timeLimit: Duration?

    /// What training gave.
    public struct Outcome: Sendable {
        /// The only member's posterior, or the mixture of the members'.
        public let posterior: Posterior
        /// The members of the mixture.
        public let members: [WeightDecaySearch.Outcome]
        /// Whether every member came to its end.
        public let isFinished: Bool
    }

    /// Makes a training of one member or more over one weight decay or more.
    public init(
        configuration: TrainingConfiguration,
        members: Int,
        decays: [Double],
        workers: Int,
        timeLimit: Duration? = nil
    ) {
        precondition(members > 0, "an ensemble of \(members) members")
        self.configuration = configuration
        self.members = members
        self.decays = decays
        self.workers = workers
        self.timeLimit = timeLimit
    }

    /// The number of runs: weight decays of the first member, then of the second, and so on.
    public var runs: Int { members * decays.count }

    /// The seed of a member of a run with this seed.
    public static func seed(ofMember index: Int, of run: UInt64) -> UInt64 {
        run &+ 1000 &* UInt64(index)
    }

    /// Trains every member.
    ///
    /// When training is cut short, the members that came to their end are mixed; only if there is
    /// none, the first is taken as it is.
    ///
    /// - Parameters:
    ///   - data: The pairs to train on.
    ///   - embedding: The network between x and each member, if there is one.
    ///   - checkpoint: Where to keep the state of the first run, if anywhere; the others are kept
    ///     at `WeightDecaySearch.checkpointPath(_:run:)`.
    ///   - isCancelled: Asked before every step; true ends training.
    ///   - progress: Called with the index of the run and how far it has come.
    ///   - architecture: The structure of the member with this seed.
    /// - Returns: The posterior.
    /// - Throws: `TrainingError` naming what went wrong, and at which step.
    public func train(
        on data: SimulationSet,
        embedding: EmbeddingArchitecture? = nil,
        checkpoint: CheckpointFile? = nil,
        isCancelled: () -> Bool = { false },
        progress: (_ run: Int, TrainingProgress) -> Void = { _, _ in },
        architecture: (_ seed: UInt64) -> EstimatorArchitecture
    ) throws(TrainingError) -> Outcome {
        let start = ContinuousClock.now
        var finished: [WeightDecaySearch.Outcome] = []
        for index in 0..<members {
            var configuration = configuration
            configuration.seed = Self.seed(ofMember: index, of: configuration.seed)
            let elapsed = ContinuousClock.now - start
            let search = WeightDecaySearch(
                configuration: configuration,
                decays: decays,
                workers: workers,
                timeLimit: timeLimit.map { max($0 - elapsed, .zero) }
            )
            let outcome = try search.train(
                architecture(configuration.seed),
                embedding: embedding,
                on: data,
                runsBefore: index * decays.count,
                checkpoint: checkpoint,
                isCancelled: isCancelled,
                progress: progress
            )
            guard outcome.isFinished else {
                return try Self.mixture(finished.isEmpty ? [outcome] : finished, isFinished: false)
            }
            finished.append(outcome)
        }
        return try Self.mixture(finished, isFinished: true)
    }

    /// Joins members; one alone stays what it is.
    private static func mixture(
        _ members: [WeightDecaySearch.Outcome],
        isFinished: Bool
    ) throws(TrainingError) -> Outcome {
        do {
            let posteriors = members.map(\.trained.posterior)
            return Outcome(
                posterior: posteriors.count == 1
                    ? posteriors[0] : try Posterior(ensemble: posteriors),
                members: members,
                isFinished: isFinished
            )
        } catch {
            throw .estimator(error)
        }
    }
}
