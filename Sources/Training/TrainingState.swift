/// Everything a run carries from one epoch to the next.
///
/// The random numbers need no place in it: the order of an epoch is a function of the seed and the
/// epoch's number.
struct TrainingState: Sendable, Equatable {
    /// The weights, their average and the moments.
    var adam: Adam
    /// The averaged weights of the best epoch.
    var bestParameters: [Float]
    /// The best epoch; nil until one was judged.
    var best: BestEpoch?
    /// The mean training loss of each completed epoch.
    var trainingLosses: [Double] = []
    /// The mean validation loss of each completed epoch.
    var validationLosses: [Double] = []
    /// Time spent so far.
    var seconds = 0.0

    /// Starts from initial weights.
    init(parameters: [Float]) {
        adam = Adam(parameters: parameters)
        bestParameters = parameters
    }

    /// Number of completed epochs.
    var epochs: Int { trainingLosses.count }

    /// Keeps the averaged weights if their validation loss is the lowest so far.
    mutating func judge(epoch: Int, validationLoss: Double) {
        if let best, best.validationLoss <= validationLoss { return }
        best = BestEpoch(epoch: epoch, validationLoss: validationLoss)
        bestParameters = adam.average
    }
}
