/// Everything a run carries from one step to the next.
///
/// The random numbers need no place in it: the order of an epoch is a function of the seed and the
/// epoch's number. Nor do the schedules: rates and batch sizes are functions of the numbers of
/// epochs and steps and of the validation losses.
struct TrainingState: Sendable, Equatable {
    /// The weights, their average and the moments.
    var adam: Adam
    /// What the defense carries from step to step.
    var defense = DefenseMemory()
    /// The averaged weights of the best epoch.
    var bestParameters: [Float]
    /// The best epoch; nil until one was judged.
    var best: BestEpoch?
    /// The mean training loss of each completed epoch.
    var trainingLosses: [Double] = []
    /// The mean validation loss of each completed epoch.
    var validationLosses: [Double] = []
    /// Steps done in the epoch in hand.
    var epochStep = 0
    /// The sum of the losses of the rows of these steps.
    var epochLoss = 0.0
    /// Time spent so far.
    var seconds = 0.0

    /// Starts from initial weights.
    init(parameters: [Float]) {
        adam = Adam(parameters: parameters)
        bestParameters = parameters
    }

    /// Number of completed epochs.
    var epochs: Int { trainingLosses.count }

    /// Whether its counts are those of a run with these batches.
    func isReachable(with batches: BatchSizeSchedule, epochs: Int) -> Bool {
        guard self.epochs <= epochs, seconds >= 0, seconds < 1e12,
            (1...max(self.epochs, 1)).contains(best?.epoch ?? 1)
        else { return false }
        if self.epochs == epochs { return epochStep == 0 && adam.step == batches.totalSteps }
        return (0...batches.steps(inEpoch: self.epochs + 1)).contains(epochStep)
            && adam.step == batches.steps(beforeEpoch: self.epochs + 1) + epochStep
    }

    /// Closes the epoch in hand with its mean losses.
    mutating func endEpoch(trainingLoss: Double, validationLoss: Double) {
        trainingLosses.append(trainingLoss)
        validationLosses.append(validationLoss)
        judge(epoch: epochs, validationLoss: validationLoss)
        epochStep = 0
        epochLoss = 0
    }

    /// Keeps the averaged weights if their validation loss is the lowest so far.
    mutating func judge(epoch: Int, validationLoss: Double) {
        if let best, best.validationLoss <= validationLoss { return }
        best = BestEpoch(epoch: epoch, validationLoss: validationLoss)
        bestParameters = adam.average
    }
}
