import Estimators
import Foundation
import Kernels
import Simulators
import Testing
import Training

/// Training with defenses, on problems small enough for a second.
@Suite struct DefenseTests {
    static let defenses: [Defense] = {
        let size = ScaledAmount(0.3, .dataScale)
        var share = FisherTraceRegularization(beta: ScaledAmount(0.1, .dataScale))
        share.draws = 2
        share.share = 0.3
        var attacked = TRADES(epsilon: size)
        attacked.direction = .attackedClean
        attacked.search.steps = 2
        return [
            .fisherTrace(share),
            .fisherEigenvalue(FisherEigenvalueRegularization(beta: ScaledAmount(0.1, .absolute))),
            .trades(TRADES(epsilon: size)),
            .trades(attacked),
            .adversarialTraining(AdversarialTraining(epsilon: size)),
            .noiseAugmentation(NoiseAugmentation(epsilon: size)),
        ]
    }()

    static func data(rows: Int = 300) throws -> SimulationSet {
        let task = BenchmarkTask.twoMoons
        return try SimulationSet(try task.simulate(rows: 0..<rows, seed: 71), prior: task.prior)
    }

    static let architecture = EstimatorArchitecture.maskedAutoregressiveFlow(
        thetaDim: 2,
        hiddenFeatures: 12,
        blocks: 1,
        transformCount: 2,
        seed: 1
    )

    static func train(
        _ defense: Defense,
        _ architecture: EstimatorArchitecture = architecture,
        workers: Int = 1,
        checkpoint: CheckpointFile? = nil,
        isCancelled: () -> Bool = { false }
    ) throws -> TrainedPosterior {
        var configuration = TrainingConfiguration(seed: 72)
        configuration.batchSize = 50
        configuration.epochs = 5
        configuration.warmUpSteps = 5
        configuration.defense = defense
        return try Trainer(configuration: configuration, workers: workers).train(
            architecture,
            on: try data(),
            checkpoint: checkpoint,
            isCancelled: isCancelled
        )
    }

    @Test(arguments: defenses)
    func `an interrupted run ends with the bytes of one that was not`(defense: Defense) throws {
        let folder = try TemporaryFolder()
        let full = try Self.train(defense).outcome
        let checkpoint = CheckpointFile(path: folder.file("run.checkpoint"), resumes: true)
        for _ in 0..<2 {
            let part = try Self.train(
                defense,
                checkpoint: checkpoint,
                isCancelled: CheckpointTests.cancellation(after: 8)
            ).outcome
            #expect(part.history.stopReason == .cancelled)
        }
        let resumed = try Self.train(defense, workers: 3, checkpoint: checkpoint).outcome
        #expect(resumed.parameters.map(\.bitPattern) == full.parameters.map(\.bitPattern))
        #expect(resumed.history.trainingLosses == full.history.trainingLosses)
        #expect(resumed.history.validationLosses == full.history.validationLosses)
    }

    @Test(arguments: defenses)
    func `a defense changes the weights and keeps the loss finite`(defense: Defense) throws {
        let plain = try Self.train(.none).outcome
        let defended = try Self.train(defense).outcome
        #expect(plain.parameters != defended.parameters)
        #expect(defended.history.validationLosses.allSatisfy { $0.isFinite })
    }

    @Test func `a checkpoint of another defense is refused`() throws {
        let folder = try TemporaryFolder()
        let checkpoint = CheckpointFile(path: folder.file("run.checkpoint"), resumes: true)
        _ = try Self.train(Self.defenses[0], checkpoint: checkpoint)
        #expect(throws: TrainingError.self) {
            try Self.train(Self.defenses[1], checkpoint: checkpoint)
        }
    }

    @Test func `an estimator whose draws jump is refused`() throws {
        #expect(throws: TrainingError.undefensible(defense: "fim")) {
            try Self.train(
                Self.defenses[0],
                .mixtureMADE(MixtureMADEArchitecture(thetaDim: 2, components: 2, blocks: 1))
            )
        }
    }

    @Test func `amounts of the data scale are multiplied by it, and by its square`() {
        let amount = ScaledAmount(3, .dataScale)
        #expect(amount.size(dataScale: 2) == 6)
        #expect(amount.weight(dataScale: 2) == 12)
        #expect(ScaledAmount(3, .absolute).size(dataScale: 2) == 3)
        #expect(ScaledAmount(3, .absolute).weight(dataScale: 2) == 3)
    }
}

/// Single steps of defended losses.
@Suite struct DefendedLossTests {
    let data: SimulationSet
    let estimator: any TrainableDensityEstimator
    let parameters: [Float]

    init() throws {
        data = try DefenseTests.data()
        estimator = try DefenseTests.architecture.trainable(
            prior: data.prior,
            standardization: Standardization(
                thetaScale: [1, 1],
                thetaShift: [0, 0],
                xMean: [0, 0],
                xStandardDeviation: [0.5, 0.5]
            )
        )
        parameters = estimator.initialParameters(seed: 3).map { 2 * $0 }
    }

    func step(
        _ number: Int,
        rows: [Int] = Array(0..<40),
        x: [Float]? = nil,
        parameters: [Float]? = nil
    ) -> DefenseStep {
        DefenseStep(
            parameters: parameters ?? self.parameters,
            batch: SimulationSet.Batch(theta: data.theta, x: x ?? data.x, rows: rows[...]),
            rows: rows[...],
            number: number,
            workers: 2
        )
    }

    /// The gradient of a step.
    func gradient(
        _ defense: Defense,
        _ number: Int,
        _ memory: inout DefenseMemory
    ) throws -> [Float] {
        var gradient = [Float](repeating: 0, count: parameters.count)
        _ = try defense.loss(of: estimator, on: data, seed: 4)
            .lossAndGradient(step(number), memory: &memory, gradient: &gradient)
        return gradient
    }

    func fisher(averageRate: Double) -> Defense {
        var settings = FisherTraceRegularization(beta: ScaledAmount(2, .absolute))
        settings.draws = 5
        settings.share = 1
        settings.averageRate = averageRate
        return .fisherTrace(settings)
    }

    /// h ← γ g + (1 − γ) h over 1 − (1 − γ)ᵗ, on the gradient of the penalty alone.
    @Test func `the running average acts on the penalty's gradient`() throws {
        var memory = DefenseMemory()
        let plain = try gradient(.none, 0, &memory)
        let singles = try (0..<2).map { number in
            var memory = DefenseMemory()
            return try zip(gradient(fisher(averageRate: 1), number, &memory), plain).map(-)
        }
        let rate = 0.6
        var averaged = DefenseMemory()
        let first = try gradient(fisher(averageRate: rate), 0, &averaged)
        let second = try gradient(fisher(averageRate: rate), 1, &averaged)
        let correction = 1 - (1 - rate) * (1 - rate)
        let size = singles[0].map { abs($0) }.max() ?? 0
        #expect(size > 0)
        #expect(singles[0] != singles[1])
        for place in plain.indices {
            #expect(abs(first[place] - plain[place] - singles[0][place]) < 1e-5 * size)
            let expected =
                (rate * Double(singles[1][place]) + rate * (1 - rate) * Double(singles[0][place]))
                / correction
            #expect(abs(Double(second[place] - plain[place]) - expected) < 1e-5 * Double(size))
        }
    }

    @Test func `rows whose trace is not finite are left out of the mean`() throws {
        let loss = try fisher(averageRate: 1).loss(of: estimator, on: data, seed: 4)
        var x = data.x
        x[2] = .nan
        var gradient = [Float](repeating: 0, count: parameters.count)
        var (with, without) = (DefenseMemory(), DefenseMemory())
        _ = try loss.lossAndGradient(
            step(0, rows: [0, 1, 2], x: x),
            memory: &with,
            gradient: &gradient
        )
        _ = try loss.lossAndGradient(
            step(0, rows: [0, 2], x: x),
            memory: &without,
            gradient: &gradient
        )
        #expect(with.average == without.average)
        #expect(with.average.contains { $0 != 0 })
        #expect(throws: DefenseFailure.penalty(row: 1)) {
            var memory = DefenseMemory()
            _ = try loss.lossAndGradient(
                step(0, rows: [1], x: x),
                memory: &memory,
                gradient: &gradient
            )
        }
    }

    /// The same rows in another batch or order get the same perturbation.
    @Test(arguments: DefenseTests.defenses)
    func `a row's loss does not depend on the rows beside it`(defense: Defense) throws {
        let loss = try defense.loss(of: estimator, on: data, seed: 4)
        let all = loss.losses(step(DefenseStep.judgement, rows: [5, 6, 7, 8, 9]))
        let some = loss.losses(step(DefenseStep.judgement, rows: [9, 6]))
        #expect(some == [all[4], all[1]])
        let other = loss.losses(step(1, rows: [9, 6]))
        #expect(other != some)
    }

    @Test func `an attack raises the loss above that of noise`() throws {
        let size = ScaledAmount(0.5, .dataScale)
        func mean(_ defense: Defense) throws -> Double {
            let losses = try defense.loss(of: estimator, on: data, seed: 4).losses(step(0))
            return losses.reduce(0.0) { $0 + Double($1) } / Double(losses.count)
        }
        let noisy = try mean(.noiseAugmentation(NoiseAugmentation(epsilon: size)))
        let attacked = try mean(.adversarialTraining(AdversarialTraining(epsilon: size)))
        #expect(attacked > noisy + 0.01)
    }

    /// vᵀ I v at the direction a warm iteration ends in, against the trace, which bounds it, and
    /// against random directions.
    @Test func `the power iteration finds the largest eigenvalue`() throws {
        var settings = FisherEigenvalueRegularization(beta: ScaledAmount(1, .absolute))
        settings.penalty.share = 1
        settings.penalty.draws = 200
        settings.firstIterations = 1
        settings.powerRate = 0.5
        let loss = try Defense.fisherEigenvalue(settings).loss(of: estimator, on: data, seed: 4)
        let plain = try Defense.none.loss(of: estimator, on: data, seed: 4)
        var gradient = [Float](repeating: 0, count: parameters.count)
        var memory = DefenseMemory()
        let base = try plain.lossAndGradient(step(0), memory: &memory, gradient: &gradient)
        var values: [Double] = []
        for number in 0..<12 {
            let sum = try loss.lossAndGradient(
                step(number),
                memory: &memory,
                gradient: &gradient
            )
            values.append((sum - base) / 40)
        }
        let traces = FisherTraceRegularization(beta: ScaledAmount(1, .absolute))
        var many = traces
        many.draws = 200
        many.share = 1
        var other = DefenseMemory()
        let trace =
            try
            (Defense.fisherTrace(many).loss(of: estimator, on: data, seed: 4)
            .lossAndGradient(step(0), memory: &other, gradient: &gradient) - base) / 40
        // Of two eigenvalues, the larger one lies between half the trace and the trace.
        #expect(values[11] > values[0])
        #expect(values[11] > 0.5 * trace)
        #expect(values[11] < 1.02 * trace)
        #expect(memory.directions.count == data.count * 2)
        #expect(memory.directions[80...].allSatisfy { $0 == 0 })
    }
}
