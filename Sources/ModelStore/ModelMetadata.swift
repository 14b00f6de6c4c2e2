/// What a model file says about its posterior beyond the weights.
///
/// The estimator's structure and the prior are not repeated here: they belong to the `Posterior`,
/// and `ModelFile` writes both into one document.
public struct ModelMetadata: Sendable, Equatable {
    /// The newest form of the document this release writes; it reads every earlier one.
    public static let formatVersion = 2

    /// A sentence for people who choose among models.
    public var summary: String?
    /// Names and units of the parameters; D = `theta.names.count`.
    public var theta: VariableDescription
    /// Shape, names and units of an observation; L is the product of its shape.
    public var x: VariableDescription
    /// The scale s of the data, where it is known: ε is given in units of it.
    public var dataScale: Double?
    /// How the estimator was trained, as far as that is known.
    public var training: TrainingRecord?
    /// Where an imported estimator comes from.
    public var source: ModelSource?
    /// How well calibrated it was found.
    public var calibration: CalibrationSummary?

    /// Makes metadata from its parts.
    public init(
        summary: String? = nil,
        theta: VariableDescription,
        x: VariableDescription,
        dataScale: Double? = nil,
        training: TrainingRecord? = nil,
        source: ModelSource? = nil,
        calibration: CalibrationSummary? = nil
    ) {
        self.summary = summary
        self.theta = theta
        self.x = x
        self.dataScale = dataScale
        self.training = training
        self.source = source
        self.calibration = calibration
    }
}

/// Names, units and shape of theta or x.
public struct VariableDescription: Sendable, Equatable {
    /// The extent of each axis; the product is the number of entries.
    public var shape: [Int]
    /// A name for each entry; always there for theta, optional for x.
    public var names: [String]?
    /// A unit for each entry, empty where there is none.
    public var units: [String]?

    /// Describes a vector by the names of its entries.
    public init(names: [String], units: [String]? = nil) {
        self.init(shape: [names.count], names: names, units: units)
    }

    /// Describes an array by its shape.
    public init(shape: [Int], names: [String]? = nil, units: [String]? = nil) {
        self.shape = shape
        self.names = names
        self.units = units
    }
}

/// How an estimator was trained: enough to do it again.
public struct TrainingRecord: Sendable, Equatable {
    /// The benchmark task the simulations came from, if they came from one.
    public var task: String?
    /// A digest of the training data, if they came from files.
    public var dataDigest: String?
    /// Number of simulations, validation split included, where it is known.
    public var simulations: Int?
    /// The defense, such as `none` or `fim`.
    public var defense: String
    /// Strength β of the defense.
    public var beta: Double?
    /// The seed of initial weights, splits and batches, where it is known.
    public var seed: UInt64?
    /// The release that trained it, such as `posterior-server 0.1.0`.
    public var softwareVersion: String
    /// Rows of a minibatch.
    public var batchSize: Int?
    /// The optimiser's initial step size.
    public var learningRate: Double?
    /// Share of the simulations held out for validation.
    public var validationFraction: Double?
    /// Number of epochs run.
    public var epochs: Int?
    /// The epoch whose weights were kept, from 1.
    public var bestEpoch: Int?
    /// Mean training loss of each epoch, in nats.
    public var trainingLosses: [Double]
    /// Mean validation loss of each epoch, in nats.
    public var validationLosses: [Double]
    /// How long training took.
    public var durationSeconds: Double?
    /// The decoupled decay of the weights, in units of the learning rate.
    public var weightDecay: Double?
    /// What became of the learning rate after its warm-up, such as `cosine`.
    public var learningRateSchedule: String?
    /// Why training ended: `epochs`, `patience`, `time_limit` or `cancelled`.
    public var stopReason: String?
    /// The members of an ensemble, where each was trained for itself: what is above of epochs,
    /// losses, weight decay and the end is then said of each; empty otherwise.
    public var members: [MemberRecord]

    /// Makes a record from its parts.
    public init(
        task: String? = nil,
        dataDigest: String? = nil,
        simulations: Int? = nil,
        defense: String = "none",
        beta: Double? = nil,
        seed: UInt64? = nil,
        softwareVersion: String,
        batchSize: Int? = nil,
        learningRate: Double? = nil,
        validationFraction: Double? = nil,
        epochs: Int? = nil,
        bestEpoch: Int? = nil,
        trainingLosses: [Double] = [],
        validationLosses: [Double] = [],
        durationSeconds: Double? = nil,
        weightDecay: Double? = nil,
        learningRateSchedule: String? = nil,
        stopReason: String? = nil,
        members: [MemberRecord] = []
    ) {
        self.task = task
        self.dataDigest = dataDigest
        self.simulations = simulations
        self.defense = defense
        self.beta = beta
        self.seed = seed
        self.softwareVersion = softwareVersion
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.validationFraction = validationFraction
        self.epochs = epochs
        self.bestEpoch = bestEpoch
        self.trainingLosses = trainingLosses
        self.validationLosses = validationLosses
        self.durationSeconds = durationSeconds
        self.weightDecay = weightDecay
        self.learningRateSchedule = learningRateSchedule
        self.stopReason = stopReason
        self.members = members
    }
}

/// Where an estimator that other software trained comes from.
public struct ModelSource: Sendable, Equatable {
    /// The software and its release, such as `sbi 0.27.0`.
    public var software: String
    /// The name of the estimator there, such as `nsf`.
    public var estimator: String?
    /// The releases of the libraries involved, by name.
    public var versions: [String: String]
    /// Whether the posterior holds for every observation; nil where nobody said so.
    public var isAmortized: Bool?
    /// What users should know, such as a defect of the source that was not copied.
    public var notes: [String]

    /// Makes a record from its parts.
    public init(
        software: String,
        estimator: String? = nil,
        versions: [String: String] = [:],
        isAmortized: Bool? = nil,
        notes: [String] = []
    ) {
        self.software = software
        self.estimator = estimator
        self.versions = versions
        self.isAmortized = isAmortized
        self.notes = notes
    }
}

/// Expected coverage, measured on simulations held out from training.
public struct CalibrationSummary: Sendable, Equatable {
    /// Number of (theta, x) pairs measured on.
    public var observations: Int
    /// Credibility levels, each in 0...1.
    public var levels: [Double]
    /// For each level, the share of pairs whose theta lay in that credible region.
    public var coverage: [Double]

    /// Makes a summary from its parts.
    public init(observations: Int, levels: [Double], coverage: [Double]) {
        self.observations = observations
        self.levels = levels
        self.coverage = coverage
    }
}
