import Estimators
import Foundation
import Simulators
import Testing
import Training

@Suite struct WeightDecaySearchTests {
    static let architecture = EstimatorArchitecture.mixtureDensityNetwork(
        components: 2,
        hiddenFeatures: 16,
        hiddenLayers: 1
    )

    /// A search over a useful decay between two that hold every weight at zero.
    static func search(timeLimit: Duration? = nil) -> WeightDecaySearch {
        var configuration = TrainingConfiguration(seed: 5)
        configuration.batchSize = 100
        configuration.epochs = 5
        return WeightDecaySearch(
            configuration: configuration,
            decays: [400, 0.1, 450],
            workers: 2,
            timeLimit: timeLimit
        )
    }

    static func data() throws -> SimulationSet {
        let task = BenchmarkTask.twoMoons
        return try SimulationSet(try task.simulate(rows: 0..<800, seed: 6), prior: task.prior)
    }

    @Test func `the run with the lowest validation loss is kept`() throws {
        let data = try Self.data()
        let search = Self.search()
        let outcome = try search.train(Self.architecture, on: data)
        #expect(outcome.isFinished)
        #expect(outcome.configuration.weightDecay == 0.1)
        var losses: [Double] = []
        for decay in search.decays {
            var configuration = search.configuration
            configuration.weightDecay = decay
            let trained = try Trainer(configuration: configuration, workers: 1)
                .train(Self.architecture, on: data)
            losses.append(trained.outcome.history.best.validationLoss)
            if decay == 0.1 {
                #expect(trained.outcome.parameters == outcome.trained.outcome.parameters)
            }
        }
        #expect(outcome.trained.outcome.history.best.validationLoss == losses.min())
    }

    @Test func `an interrupted search goes on where it was`() throws {
        let folder = try TemporaryFolder()
        let data = try Self.data()
        let full = try Self.search().train(Self.architecture, on: data)
        let checkpoint = CheckpointFile(path: folder.file("1.checkpoint"), resumes: true)
        var parts = 0
        var outcome: WeightDecaySearch.Outcome
        repeat {
            parts += 1
            var asked = 0
            outcome = try Self.search().train(
                Self.architecture,
                on: data,
                checkpoint: checkpoint,
                isCancelled: {
                    asked += 1
                    return asked > 13
                }
            )
        } while !outcome.isFinished
        #expect(parts > 5)
        #expect(outcome.trained.outcome.parameters == full.trained.outcome.parameters)
        #expect(outcome.configuration == full.configuration)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == ["1.checkpoint", "1.checkpoint.2", "1.checkpoint.3"]
        )
    }

    @Test func `time that is up ends the search with a posterior`() throws {
        let outcome = try Self.search(timeLimit: .zero).train(Self.architecture, on: Self.data())
        #expect(!outcome.isFinished)
        #expect(outcome.configuration.weightDecay == 400)
        #expect(outcome.trained.outcome.history.stopReason == .timeLimit)
    }
}
