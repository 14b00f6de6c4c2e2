public import Distributions
public import Estimators
public import SimulationFiles

/// Why training could not start or go on.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The prior defines no distribution.
    case invalidPrior(DistributionError)
    /// The prior has another number of dimensions than theta.
    case priorDimension(expected: Int, found: Int)
    /// Fewer than two rows can be used.
    case tooFewRows(usable: Int, refused: Int)
    /// A file of simulations cannot be read.
    case simulationFile(SimulationFileError)
    /// Simulations are not fit to train on.
    case data(DataProblem)
    /// A setting is out of its range.
    case invalidSetting(name: String, expected: String, found: String)
    /// The estimator cannot be built.
    case estimator(EstimatorError)
    /// The estimator cannot be trained with this defense.
    case undefensible(defense: String)
    /// A loss or a slope is NaN or infinite.
    case nonFinite(epoch: Int, step: Int, cause: NonFiniteCause)
    /// The checkpoint was made by a run with another setting.
    case otherRun(setting: String, checkpoint: String, run: String)
    /// The checkpoint has another version of the format.
    case checkpointVersion(found: Int, expected: Int)
    /// The checkpoint is damaged; the text says where.
    case damagedCheckpoint(String)
    /// A file could not be read or written.
    case file(path: String, reason: String)

    /// One sentence for an error message.
    public var description: String {
        switch self {
        case .invalidPrior(let error):
            "the prior is invalid: \(error)"
        case .priorDimension(let expected, let found):
            "the prior has \(found) dimensions, theta has \(expected)"
        case .tooFewRows(let usable, let refused):
            "\(usable) usable simulations (\(refused) refused), expected at least 2"
        case .simulationFile(let error):
            "\(error)"
        case .data(let problem):
            "\(problem)"
        case .invalidSetting(let name, let expected, let found):
            "\(name) is \(found), expected \(expected)"
        case .estimator(let error):
            "\(error)"
        case .undefensible(let defense):
            """
            this estimator has no \(defense) defense, which needs draws that move smoothly with x; \
            those of a mixture of autoregressive networks (made) jump
            """
        case .nonFinite(let epoch, let step, let cause):
            "training stopped in epoch \(epoch) at step \(step): \(cause)"
        case .otherRun(let setting, let checkpoint, let run):
            "the checkpoint was made with \(setting) = \(checkpoint), this run has \(run)"
        case .checkpointVersion(let found, let expected):
            """
            the checkpoint has format version \(found), this release reads \(expected); finish \
            the run with the release that began it, or start afresh
            """
        case .damagedCheckpoint(let reason):
            "the checkpoint is damaged: \(reason)"
        case .file(let path, let reason):
            "\(path): \(reason)"
        }
    }
}

/// What turned out not to be a finite number.
public enum NonFiniteCause: Equatable, Sendable, CustomStringConvertible {
    /// The loss of this row of the training set, given the weights before the step.
    case trainingLoss(row: Int)
    /// The slope of this parameter, though the losses of the batch are finite.
    case gradient(parameter: Int)
    /// What a defense adds to the loss of this row, and of every other row it was taken at.
    case penalty(row: Int)
    /// The slope of what a defense adds, by this parameter.
    case penaltyGradient(parameter: Int)
    /// The loss of this row under the averaged weights, after the step.
    case validationLoss(row: Int)

    /// What happened and what may help.
    public var description: String {
        switch self {
        case .trainingLoss(let row):
            """
            the loss of simulation \(row) is not finite; look at its values, or lower the \
            learning rate
            """
        case .gradient(let parameter):
            "the gradient of parameter \(parameter) is not finite; lower the learning rate"
        case .penalty(let row):
            """
            what the defense adds to the loss of simulation \(row) is not finite; lower the \
            learning rate, or beta, or epsilon
            """
        case .penaltyGradient(let parameter):
            """
            the gradient of what the defense adds to the loss is not finite at parameter \
            \(parameter); lower the learning rate, or beta, or epsilon
            """
        case .validationLoss(let row):
            """
            the validation loss of simulation \(row) is not finite; look at its values, or lower \
            the learning rate
            """
        }
    }
}
