public import Estimators

/// How weights are fitted: everything a result depends on besides data and architecture.
public struct TrainingConfiguration: Sendable, Equatable {
    /// Rows of one step.
    public var batchSize = 256
    /// Rows of one step in the last epoch, if the batches grow; nil leaves them as they are.
    public var finalBatchSize: Int?
    /// The highest learning rate of the schedule.
    public var learningRate = 2e-3
    /// Steps over which the learning rate rises from zero.
    public var warmUpSteps = 500
    /// What becomes of the learning rate after that.
    public var learningRateDecay = LearningRateDecay.cosine
    /// The decoupled decay of the weights, in units of the learning rate: AdamW; 0 is Adam.
    public var weightDecay = 0.0
    /// Passes over the training rows.
    public var epochs = 60
    /// Epochs without a better validation loss after which training ends.
    public var patience = 20
    /// The largest global norm of a gradient; larger ones are scaled down to it.
    public var gradientNormLimit = 5.0
    /// Decay of the running average of the weights, a step; 0 turns averaging off.
    public var averageDecay = 0.999
    /// The part of the rows held out to judge the weights.
    public var validationFraction = 0.05
    /// How the posterior keeps to the prior's support.
    public var support = PosteriorSupport.unconstrained
    /// Which numbers theta, where the density lives, is standardised with.
    public var thetaZScore = ZScore.independent
    /// Which numbers x is standardised with.
    public var xZScore = ZScore.independent
    /// Whether entries of x with heavy tails are seen on a logarithmic scale, where x is
    /// standardised entry by entry.
    public var scalesHeavyTails = true
    /// The seed of split, order and initial weights.
    public var seed: UInt64 = 1

    /// The most epochs a run may have; their schedule is held in memory.
    public static let epochLimit = 1_000_000

    /// Makes the default configuration of a seed.
    public init(seed: UInt64 = 1) {
        self.seed = seed
    }

    /// Checks every setting.
    ///
    /// - Throws: `TrainingError.invalidSetting` naming the first that is out of its range.
    public func validate() throws(TrainingError) {
        try require(batchSize > 0, "batch size", "at least 1", batchSize)
        if let finalBatchSize {
            try require(finalBatchSize > 0, "final batch size", "at least 1", finalBatchSize)
        }
        try require(
            learningRate > 0 && learningRate.isFinite,
            "learning rate",
            "a number above 0",
            learningRate
        )
        try require(warmUpSteps >= 0, "warm-up steps", "at least 0", warmUpSteps)
        if case .plateau(let factor, let patience) = learningRateDecay {
            try require(
                factor > 0 && factor < 1,
                "plateau factor",
                "a number between 0 and 1",
                factor
            )
            try require(patience > 0, "plateau patience", "at least 1", patience)
        }
        try require(
            weightDecay >= 0 && weightDecay * learningRate < 1,
            "weight decay",
            "a number from 0 up to, not including, 1 / learning rate",
            weightDecay
        )
        try require(
            (1...Self.epochLimit).contains(epochs),
            "epochs",
            "1 to \(Self.epochLimit)",
            epochs
        )
        try require(patience > 0, "patience", "at least 1", patience)
        try require(
            gradientNormLimit > 0,
            "gradient norm limit",
            "a number above 0",
            gradientNormLimit
        )
        try require(
            averageDecay >= 0 && averageDecay < 1,
            "average decay",
            "a number from 0 up to, not including, 1",
            averageDecay
        )
        try require(
            validationFraction > 0 && validationFraction < 1,
            "validation fraction",
            "a number between 0 and 1",
            validationFraction
        )
    }

    /// The settings by name, as a checkpoint keeps them.
    var settings: [(name: String, value: String)] {
        [
            ("batch size", "\(batchSize)"),
            ("final batch size", "\(finalBatchSize ?? batchSize)"),
            ("learning rate", "\(learningRate)"),
            ("warm-up steps", "\(warmUpSteps)"),
            ("learning rate decay", "\(learningRateDecay)"),
            ("weight decay", "\(weightDecay)"),
            ("epochs", "\(epochs)"),
            ("patience", "\(patience)"),
            ("gradient norm limit", "\(gradientNormLimit)"),
            ("average decay", "\(averageDecay)"),
            ("validation fraction", "\(validationFraction)"),
            ("support", support.rawValue),
            ("z-score of theta", thetaZScore.rawValue),
            ("z-score of x", xZScore.rawValue),
            ("logarithms of heavy tails", "\(scalesHeavyTails)"),
            ("seed", "\(seed)"),
        ]
    }

    /// Throws unless a setting is in its range.
    private func require(
        _ holds: Bool,
        _ name: String,
        _ expected: String,
        _ found: some Any
    ) throws(TrainingError) {
        guard holds else {
            throw .invalidSetting(name: name, expected: expected, found: "\(found)")
        }
    }
}
