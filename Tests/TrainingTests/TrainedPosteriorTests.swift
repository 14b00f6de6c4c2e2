import Estimators
import Simulators
import Testing
import Training

/// Training with the real estimators, on problems small enough for a second.
@Suite struct TrainedPosteriorTests {
    static let architectures: [EstimatorArchitecture] = [
        .maskedAutoregressiveFlow(
            thetaDim: 2,
            hiddenFeatures: 16,
            blocks: 1,
            transformCount: 2,
            seed: 1
        ),
        .mixtureDensityNetwork(
            MixtureDensityNetworkArchitecture(
                components: 3,
                hiddenFeatures: 16,
                hiddenLayers: 2,
                diagonalFloor: 1e-4
            )
        ),
    ]

    static func train(
        _ architecture: EstimatorArchitecture,
        workers: Int
    ) throws -> TrainedPosterior {
        let task = BenchmarkTask.twoMoons
        let data = try SimulationSet(
            try task.simulate(rows: 0..<1000, seed: 71),
            prior: task.prior
        )
        var configuration = TrainingConfiguration(seed: 72)
        configuration.batchSize = 100
        configuration.epochs = 10
        return try Trainer(configuration: configuration, workers: workers)
            .train(architecture, on: data)
    }

    @Test(arguments: architectures)
    func `training lowers the loss and gives a posterior inside the prior`(
        architecture: EstimatorArchitecture
    ) throws {
        let trained = try Self.train(architecture, workers: 1)
        let losses = trained.outcome.history.validationLosses
        let first = try #require(losses.first)
        #expect(trained.outcome.history.best.validationLoss < first)
        let draws = trained.posterior.sample(
            count: 100,
            given: TwoMoons.referenceObservations[0],
            seed: 1
        )
        #expect(draws.theta.count == 200)
        #expect(draws.theta.allSatisfy { abs($0) < 1 })
    }

    @Test(arguments: architectures)
    func `the weights do not depend on the number of workers`(
        architecture: EstimatorArchitecture
    ) throws {
        let alone = try Self.train(architecture, workers: 1)
        let together = try Self.train(architecture, workers: 3)
        #expect(alone.outcome.parameters == together.outcome.parameters)
        #expect(alone.outcome.history.validationLosses == together.outcome.history.validationLosses)
    }

    @Test func `losses on fresh rows are those of the served posterior`() throws {
        let trained = try Self.train(Self.architectures[1], workers: 1)
        let task = BenchmarkTask.twoMoons
        let data = try SimulationSet(try task.simulate(rows: 0..<50, seed: 73), prior: task.prior)
        let losses = trained.posterior.losses(on: data, workers: 2)
        let served = trained.posterior.logProb(data.theta, given: data.x)
        #expect(losses.count == 50)
        for (loss, logProb) in zip(losses, served) {
            #expect(abs(loss + Double(logProb)) < 1e-4 * max(1, abs(loss)))
        }
    }

    @Test func `a mean loss comes with its standard error`() {
        let estimate = LossEstimate([1, 2, 3, 6])
        #expect(estimate.mean == 3)
        #expect(abs(estimate.standardError - (14.0 / 12).squareRoot()) < 1e-12)
    }
}
