import Estimators
import Foundation
import Testing
import Training

@Suite struct EnsembleTrainingTests {
    static func training(members: Int, timeLimit: Duration? = nil) -> EnsembleTraining {
        var configuration = TrainingConfiguration(seed: 5)
        configuration.batchSize = 100
        configuration.epochs = 4
        return EnsembleTraining(
            configuration: configuration,
            members: members,
            decays: [0.1, 0.01],
            workers: 2,
            timeLimit: timeLimit
        )
    }

    /// Trains on two moons; `steps` ends training after so many looks at it.
    private func train(
        _ training: EnsembleTraining,
        checkpoint: CheckpointFile? = nil,
        steps: Int = .max,
        runs: (Int) -> Void = { _ in }
    ) throws -> EnsembleTraining.Outcome {
        var asked = 0
        return try training.train(
            on: WeightDecaySearchTests.data(),
            checkpoint: checkpoint,
            isCancelled: {
                asked += 1
                return asked > steps
            },
            progress: { run, _ in runs(run) },
            architecture: { _ in WeightDecaySearchTests.architecture }
        )
    }

    @Test func `members are what they would be alone, mixed equally`() throws {
        var seen: Set<Int> = []
        let training = Self.training(members: 2)
        let outcome = try train(training, runs: { seen.insert($0) })
        #expect(seen == Set(0..<training.runs))
        #expect(outcome.isFinished)
        #expect(outcome.members.map(\.configuration.seed) == [5, 1005])
        let members = outcome.members.map(\.trained.posterior)
        let alone = try train(Self.training(members: 1)).posterior
        #expect(alone.tensors == members[0].tensors)
        #expect(members[0].tensors != members[1].tensors)
        let theta: [Float] = [0.2, 0.1]
        let x: [Float] = [0.1, -0.2]
        let densities = members.map { exp($0.logProb(theta, given: x)[0]) }
        let mixture = exp(outcome.posterior.logProb(theta, given: x)[0])
        #expect(abs(mixture - (densities[0] + densities[1]) / 2) < 1e-5 * mixture)
    }

    @Test func `what is not finished is left out, unless there is nothing else`() throws {
        let first = try train(Self.training(members: 2), steps: 3)
        #expect(!first.isFinished)
        #expect(first.members.count == 1)
        #expect(first.members[0].trained.outcome.history.stopReason == .cancelled)
        // Two runs of 4 epochs with 7 steps are one member; the second has begun.
        let second = try train(Self.training(members: 2), steps: 60)
        #expect(!second.isFinished)
        #expect(second.members.count == 1)
        #expect(second.members[0].isFinished)
        let none = try train(Self.training(members: 2, timeLimit: .zero))
        #expect(none.members.map(\.isFinished) == [false])
    }

    @Test func `a training that is interrupted again and again ends the same`() throws {
        let folder = try TemporaryFolder()
        let training = Self.training(members: 2)
        let full = try train(training)
        let checkpoint = CheckpointFile(path: folder.file("1.checkpoint"), resumes: true)
        var parts = 1
        var outcome = try train(training, checkpoint: checkpoint, steps: 9)
        while !outcome.isFinished {
            outcome = try train(training, checkpoint: checkpoint, steps: 9)
            parts += 1
        }
        #expect(parts > 10)
        #expect(outcome.posterior.tensors == full.posterior.tensors)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == (0..<4).map {
                    WeightDecaySearch.checkpointPath("1.checkpoint", run: $0)
                }
        )
    }

    @Test func `a truncated posterior is trained on theta itself`() throws {
        let data = try WeightDecaySearchTests.data()
        var configuration = TrainingConfiguration(seed: 5)
        configuration.epochs = 2
        configuration.support = .truncated
        let posterior = try Trainer(configuration: configuration, workers: 2)
            .train(WeightDecaySearchTests.architecture, on: data).posterior
        #expect(posterior.support == .truncated)
        let shifts = try #require(posterior.tensors["standardization.theta_shift"]?.values)
        let scales = try #require(posterior.tensors["standardization.theta_scale"]?.values)
        // theta is uniform on −1 … 1, with a standard deviation of 1 / √3.
        for (shift, scale) in zip(shifts, scales) {
            #expect(abs(shift) < 0.15)
            #expect(abs(scale - 1.732) < 0.1)
        }
        // An untrained mixture in two epochs is wide.
        let x: [Float] = [0, 0]
        #expect(posterior.acceptanceRate(given: x).value < 1)
    }
}
