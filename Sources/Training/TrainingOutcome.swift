/// What training gave: the best weights, and how they came about.
public struct TrainingOutcome: Sendable, Equatable {
    /// The averaged weights of the best epoch.
    public let parameters: [Float]
    /// The course of the run.
    public let history: TrainingHistory
}

/// The course of a training run.
public struct TrainingHistory: Sendable, Equatable {
    /// Why a run ended.
    public enum StopReason: String, Sendable {
        /// Every epoch was done.
        case epochs
        /// The validation loss had not improved for the configured patience.
        case patience
        /// The time was up.
        case timeLimit = "time_limit"
        /// The caller asked for the end.
        case cancelled

        /// Whether a run with a checkpoint can go on.
        public var isResumable: Bool { self == .timeLimit || self == .cancelled }
    }

    /// Number of rows that trained the weights.
    public let trainingRows: Int
    /// Number of rows held out to judge them.
    public let validationRows: Int
    /// The mean training loss of each completed epoch, under the weights as they changed.
    public let trainingLosses: [Double]
    /// The mean validation loss of each completed epoch's averaged weights.
    public let validationLosses: [Double]
    /// The epoch whose weights were kept.
    public let best: BestEpoch
    /// Steps taken.
    public let steps: Int
    /// Time spent training, over all resumed parts.
    public let seconds: Double
    /// Why the run ended.
    public let stopReason: StopReason

    /// Number of completed epochs.
    public var epochs: Int { trainingLosses.count }
}
