/// How far training has come.
public struct TrainingProgress: Sendable, Equatable {
    /// The epoch in hand, counted from 1.
    public var epoch: Int
    /// The number of epochs of the run, unless it stops early.
    public var epochs: Int
    /// Steps done in this epoch.
    public var epochStep: Int
    /// Steps of an epoch.
    public var stepsPerEpoch: Int
    /// Rows of a step of this epoch.
    public var batchSize: Int
    /// The learning rate of the next step.
    public var learningRate: Double
    /// The mean training loss of this epoch so far.
    public var trainingLoss: Double
    /// The validation loss of the last epoch whose weights were judged.
    public var validationLoss: Double?
    /// The lowest validation loss so far, and its epoch.
    public var best: BestEpoch?
    /// Time spent training, over all resumed parts.
    public var elapsed: Duration
    /// The part of the run's steps that is done, from 0 to 1.
    public var fraction: Double
    /// Whether the epoch has just been completed and judged.
    public var isEpochEnd: Bool
}

/// The epoch whose weights had the lowest validation loss.
public struct BestEpoch: Sendable, Equatable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The mean validation loss of its averaged weights.
    public var validationLoss: Double

    /// Makes a value from an epoch and its loss.
    public init(epoch: Int, validationLoss: Double) {
        self.epoch = epoch
        self.validationLoss = validationLoss
    }
}
