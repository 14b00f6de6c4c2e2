import Estimators
import Kernels

/// One run of a trainer: the loop over epochs and steps.
struct TrainingRun {
    /// The trainer's settings.
    private let configuration: TrainingConfiguration
    /// How many threads may take part.
    private let workers: Int
    /// What gives the loss and its gradient.
    private let loss: any DefendedLoss
    /// The pairs.
    private let data: SimulationSet
    /// Which pairs train and which judge.
    private let split: DataSplit
    /// Where to keep the state.
    private let checkpoint: CheckpointFile?
    /// What the result depends on, by name.
    private let settings: [(name: String, value: String)]
    /// The batch size of every epoch.
    private let batches: BatchSizeSchedule
    /// The learning rate of every step.
    private let schedule: LearningRateSchedule
    /// The state in hand.
    private var state: TrainingState
    /// The gradient of the step in hand.
    private var gradient: [Float]
    /// When to end, whatever was reached.
    private let deadline: ContinuousClock.Instant?
    /// When this part of the run started, less the time of the parts before it.
    private let start: ContinuousClock.Instant
    /// When the checkpoint was last written.
    private var lastSave: ContinuousClock.Instant
    /// When progress was last reported.
    private var lastReport: ContinuousClock.Instant

    /// Starts a run, or goes on from its checkpoint.
    init(
        trainer: Trainer,
        estimator: any TrainableDensityEstimator,
        data: SimulationSet,
        split: DataSplit,
        label: String,
        checkpoint: CheckpointFile?
    ) throws(TrainingError) {
        configuration = trainer.configuration
        workers = trainer.workers
        loss = try configuration.defense.loss(of: estimator, on: data, seed: configuration.seed)
        self.data = data
        self.split = split
        self.checkpoint = checkpoint
        batches = BatchSizeSchedule(
            first: configuration.batchSize,
            last: configuration.finalBatchSize ?? configuration.batchSize,
            epochs: configuration.epochs,
            rows: split.training.count
        )
        schedule = LearningRateSchedule(
            peak: configuration.learningRate,
            warmUpSteps: configuration.warmUpSteps,
            totalSteps: batches.totalSteps,
            decay: configuration.learningRateDecay
        )
        var structure = FowlerNollVo()
        structure.combine(bytes: label.utf8)
        settings =
            configuration.settings + [
                ("simulations", "\(data.count)"),
                ("digest of the simulations", String(data.digest, radix: 16)),
                ("digest of the architecture", String(structure.value, radix: 16)),
                ("parameter count", "\(estimator.parameterCount)"),
            ]
        if let resumed = try checkpoint?.load(settings: settings) {
            guard resumed.bestParameters.count == estimator.parameterCount else {
                throw .damagedCheckpoint("it has \(resumed.bestParameters.count) parameters")
            }
            guard resumed.defense.fits(rows: data.count, xDim: data.xDim) else {
                throw .damagedCheckpoint("its defense has other rows")
            }
            guard resumed.isReachable(with: batches, epochs: configuration.epochs) else {
                throw .damagedCheckpoint("no run with these settings comes to its state")
            }
            state = resumed
        } else {
            let seed = SeedPurpose.initialWeights.seed(of: configuration.seed)
            state = TrainingState(parameters: estimator.initialParameters(seed: seed))
        }
        gradient = Array(repeating: 0, count: estimator.parameterCount)
        let now = ContinuousClock.now
        deadline = trainer.timeLimit.map { now + $0 }
        start = now - .seconds(state.seconds)
        lastSave = now
        lastReport = now
    }

    /// Trains until the epochs are done, patience or the time runs out, or the caller asks for the
    /// end.
    mutating func complete(
        isCancelled: () -> Bool,
        progress: (TrainingProgress) -> Void
    ) throws(TrainingError) -> TrainingHistory.StopReason {
        while true {
            if let reason = stopReason {
                try save()
                return reason
            }
            let epoch = state.epochs + 1
            if let reason = try trainEpoch(epoch, isCancelled: isCancelled, progress: progress) {
                try save()
                // What is judged in the middle of an epoch is no part of the state: a resumed run
                // must not know that it was interrupted.
                if state.epochStep > 0 || state.best == nil {
                    state.judge(epoch: epoch, validationLoss: try validationLoss(epoch: epoch))
                }
                return reason
            }
            state.endEpoch(
                trainingLoss: state.epochLoss / Double(state.epochStep * batchSize(epoch)),
                validationLoss: try validationLoss(epoch: epoch)
            )
            report(epoch, isEpochEnd: true, to: progress)
            try saveIfDue()
        }
    }

    /// The best weights and the course of the run.
    func outcome(stopReason: TrainingHistory.StopReason) throws(TrainingError) -> TrainingOutcome {
        guard let best = state.best else {
            throw .damagedCheckpoint("it has epochs but no best one")
        }
        return TrainingOutcome(
            parameters: state.bestParameters,
            history: TrainingHistory(
                trainingRows: split.training.count,
                validationRows: split.validation.count,
                trainingLosses: state.trainingLosses,
                validationLosses: state.validationLosses,
                best: best,
                steps: state.adam.step,
                seconds: (ContinuousClock.now - start) / .seconds(1),
                stopReason: stopReason
            )
        )
    }

    /// Why the run is over after the epochs done so far, or nil.
    private var stopReason: TrainingHistory.StopReason? {
        if state.epochs >= configuration.epochs { return .epochs }
        guard let best = state.best else { return nil }
        return state.epochs - best.epoch >= configuration.patience ? .patience : nil
    }

    /// Takes the steps of an epoch that are left; why the run is to end before them, if it is.
    private mutating func trainEpoch(
        _ epoch: Int,
        isCancelled: () -> Bool,
        progress: (TrainingProgress) -> Void
    ) throws(TrainingError) -> TrainingHistory.StopReason? {
        let order = EpochOrder(
            of: split.training,
            rowBytes: data.rowBytes,
            seed: configuration.seed,
            epoch: epoch
        )
        var source = EpochBatches(order, of: data)
        let batchSize = batchSize(epoch)
        let steps = batches.steps(inEpoch: epoch)
        let plateau = schedule.plateaus(in: state.validationLosses)
        while state.epochStep < steps {
            if isCancelled() { return .cancelled }
            let now = ContinuousClock.now
            if let deadline, now >= deadline { return .timeLimit }
            let first = state.epochStep * batchSize
            state.epochLoss += try takeStep(
                epoch,
                at: first..<first + batchSize,
                of: &source,
                learningRate: schedule.rate(atStep: state.adam.step, plateau: plateau)
            )
            state.epochStep += 1
            if now - lastReport >= .milliseconds(100), state.epochStep < steps {
                lastReport = now
                report(epoch, isEpochEnd: false, to: progress)
                try saveIfDue()
            }
        }
        return nil
    }

    /// Rows of a step of an epoch.
    private func batchSize(_ epoch: Int) -> Int { batches.batchSize(inEpoch: epoch) }

    /// Takes one step; the sum of the losses before it.
    private mutating func takeStep(
        _ epoch: Int,
        at positions: Range<Int>,
        of source: inout EpochBatches,
        learningRate: Double
    ) throws(TrainingError) -> Double {
        let number = state.adam.step
        let step = DefenseStep(
            parameters: state.adam.parameters,
            batch: try source.batch(at: positions),
            rows: source.rows(at: positions)[...],
            number: number,
            workers: workers
        )
        let sum: Double
        do {
            sum = try loss.lossAndGradient(
                step,
                memory: &state.defense,
                gradient: &gradient
            )
        } catch {
            throw .nonFinite(epoch: epoch, step: number + 1, cause: causeOfFailure(step, error))
        }
        let norm = norm(gradient)
        guard sum.isFinite, norm.isFinite else {
            throw .nonFinite(epoch: epoch, step: number + 1, cause: causeOfFailure(step))
        }
        let limit = configuration.gradientNormLimit
        // A young average would remember the initial weights for long.
        let youngDecay = Double(number + 1) / Double(number + 10)
        state.adam.update(
            gradient: gradient,
            scale: norm > limit ? limit / norm : 1,
            learningRate: learningRate,
            weightDecay: configuration.weightDecay,
            averageDecay: min(configuration.averageDecay, youngDecay),
            workers: workers
        )
        return sum
    }

    /// What is not finite in a step.
    private func causeOfFailure(
        _ step: DefenseStep,
        _ failure: DefenseFailure? = nil
    ) -> NonFiniteCause {
        switch failure {
        case .penalty(let row): return .penalty(row: row)
        case .slope(let parameter): return .penaltyGradient(parameter: parameter)
        case nil: break
        }
        if let (row, _) = zip(step.rows, loss.losses(step)).first(where: { !$0.1.isFinite }) {
            return .trainingLoss(row: row)
        }
        return .gradient(parameter: gradient.firstIndex { !$0.isFinite } ?? 0)
    }

    /// The mean loss of the averaged weights on the held-out rows.
    private func validationLoss(epoch: Int) throws(TrainingError) -> Double {
        let rows = split.validation[...]
        let losses = try losses(of: rows, parameters: state.adam.average)
        if let (row, _) = zip(rows, losses).first(where: { !$0.1.isFinite }) {
            throw .nonFinite(
                epoch: epoch,
                step: state.adam.step,
                cause: .validationLoss(row: row)
            )
        }
        return losses.reduce(0.0) { $0 + Double($1) } / Double(losses.count)
    }

    /// The loss of each row.
    private func losses(
        of rows: ArraySlice<Int>,
        parameters: [Float]
    ) throws(TrainingError) -> [Float] {
        var losses: [Float] = []
        var first = rows.startIndex
        try data.forEachBatch(of: rows) { batch in
            let own = rows[first..<first + batch.rows.count]
            first = own.endIndex
            losses += loss.losses(
                DefenseStep(
                    parameters: parameters,
                    batch: batch,
                    rows: own,
                    number: DefenseStep.judgement,
                    workers: workers
                )
            )
        }
        return losses
    }

    /// Writes the checkpoint, if there is one.
    private mutating func save() throws(TrainingError) {
        guard let checkpoint else { return }
        state.seconds = (ContinuousClock.now - start) / .seconds(1)
        try checkpoint.save(state, settings: settings)
        lastSave = .now
    }

    /// Writes the checkpoint if the last one is old enough.
    private mutating func saveIfDue() throws(TrainingError) {
        guard let checkpoint, ContinuousClock.now - lastSave >= checkpoint.interval else { return }
        try save()
    }

    /// Tells the caller how far training has come.
    private func report(
        _ epoch: Int,
        isEpochEnd: Bool,
        to progress: (TrainingProgress) -> Void
    ) {
        let steps = batches.steps(inEpoch: epoch)
        let batchSize = batchSize(epoch)
        let epochStep = isEpochEnd ? steps : state.epochStep
        let stepsDone = batches.steps(beforeEpoch: epoch) + epochStep
        progress(
            TrainingProgress(
                epoch: epoch,
                epochs: configuration.epochs,
                epochStep: epochStep,
                stepsPerEpoch: steps,
                batchSize: batchSize,
                learningRate: schedule.rate(
                    atStep: state.adam.step,
                    plateau: schedule.plateaus(in: state.validationLosses)
                ),
                trainingLoss: isEpochEnd
                    ? state.trainingLosses[epoch - 1]
                    : state.epochLoss / Double(state.epochStep * batchSize),
                validationLoss: state.validationLosses.last,
                best: state.best,
                elapsed: ContinuousClock.now - start,
                fraction: Double(stepsDone) / Double(batches.totalSteps),
                isEpochEnd: isEpochEnd
            )
        )
    }
}
