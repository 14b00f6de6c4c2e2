import Estimators
import Foundation
import Testing
import Training

@Suite struct CheckpointTests {
    /// Cancels after a number of steps.
    static func cancellation(after steps: Int) -> () -> Bool {
        var asked = 0
        return {
            asked += 1
            return asked > steps
        }
    }

    @Test(arguments: [5, 18, 30, 91])
    func `an interrupted run ends with the bytes of one that was not`(steps: Int) throws {
        let folder = try TemporaryFolder()
        let problem = try RegressionProblem()
        let full = try problem.fit()
        let path = folder.file("run.checkpoint")
        let part = try problem.fit(
            checkpoint: CheckpointFile(path: path, resumes: false),
            isCancelled: Self.cancellation(after: steps)
        )
        #expect(part.history.stopReason == .cancelled)
        let resumed = try problem.fit(
            workers: 3,
            checkpoint: CheckpointFile(path: path, resumes: true)
        )
        #expect(resumed.parameters.map(\.bitPattern) == full.parameters.map(\.bitPattern))
        #expect(resumed.history.trainingLosses == full.history.trainingLosses)
        #expect(resumed.history.validationLosses == full.history.validationLosses)
        #expect(resumed.history.best == full.history.best)
        #expect(resumed.history.steps == full.history.steps)
    }

    struct Mode: CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout TrainingConfiguration) -> Void
    }

    static let decays: [LearningRateDecay] = [
        .cosine, .plateau(factor: 0.5, patience: 1), .constant,
    ]
    static let optimizers = [
        Mode(testDescription: "Adam") { _ in },
        Mode(testDescription: "AdamW") { $0.weightDecay = 0.5 },
        Mode(testDescription: "growing batches") { $0.finalBatchSize = 90 },
        Mode(testDescription: "no average") { $0.averageDecay = 0 },
        Mode(testDescription: "no clipping") { $0.gradientNormLimit = .infinity },
    ]

    @Test(arguments: decays, optimizers)
    func `a run resumes in every mode`(decay: LearningRateDecay, mode: Mode) throws {
        let folder = try TemporaryFolder()
        // So few rows for 120 parameters that the validation loss soon rises.
        var problem = try RegressionProblem(rows: 100, epochs: 40)
        problem.configuration.batchSize = 30
        problem.configuration.patience = 40
        problem.configuration.warmUpSteps = 5
        problem.configuration.learningRateDecay = decay
        problem.configuration.learningRate = 0.1
        mode.change(&problem.configuration)
        let full = try problem.fit()
        if case .plateau = decay {
            // Otherwise there is no plateau to restore.
            let losses = full.history.validationLosses
            #expect(zip(losses, losses.dropFirst()).contains { $0 <= $1 })
        }
        let checkpoint = CheckpointFile(
            path: folder.file("run.checkpoint"),
            resumes: true,
            interval: .zero
        )
        var parts = 0
        var outcome: TrainingOutcome
        repeat {
            parts += 1
            outcome = try problem.fit(
                checkpoint: checkpoint,
                isCancelled: Self.cancellation(after: 7)
            )
        } while outcome.history.stopReason == .cancelled
        #expect(parts > 3)
        #expect(outcome.parameters.map(\.bitPattern) == full.parameters.map(\.bitPattern))
        #expect(outcome.history.trainingLosses == full.history.trainingLosses)
        #expect(outcome.history.validationLosses == full.history.validationLosses)
        #expect(outcome.history.best == full.history.best)
        #expect(outcome.history.steps == full.history.steps)
    }

    @Test func `a time limit ends a run, which goes on where it was`() throws {
        let folder = try TemporaryFolder()
        let problem = try RegressionProblem()
        let full = try problem.fit()
        let checkpoint = CheckpointFile(path: folder.file("run.checkpoint"), resumes: true)
        let none = try problem.fit(checkpoint: checkpoint, timeLimit: .zero)
        #expect(none.history.stopReason == .timeLimit)
        #expect(none.history.steps == 0)
        var outcome = none
        for _ in 0..<1000 where outcome.history.stopReason == .timeLimit {
            outcome = try problem.fit(checkpoint: checkpoint, timeLimit: .milliseconds(10))
        }
        #expect(outcome.history.stopReason == .epochs)
        #expect(outcome.parameters == full.parameters)
        #expect(outcome.history.validationLosses == full.history.validationLosses)
    }

    @Test func `a checkpoint of another format version is refused by its number`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("run.checkpoint")
        let problem = try RegressionProblem(epochs: 1)
        let checkpoint = CheckpointFile(path: path, resumes: true)
        _ = try problem.fit(checkpoint: checkpoint)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[7] = UInt8(ascii: "1")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(throws: TrainingError.checkpointVersion(found: 1, expected: 3)) {
            _ = try problem.fit(checkpoint: checkpoint)
        }
    }

    @Test func `a run that is interrupted again and again ends the same`() throws {
        let folder = try TemporaryFolder()
        let problem = try RegressionProblem()
        let full = try problem.fit()
        let checkpoint = CheckpointFile(
            path: folder.file("run.checkpoint"),
            resumes: true,
            interval: .zero
        )
        var outcome = try problem.fit(
            checkpoint: checkpoint,
            isCancelled: Self.cancellation(after: 20)
        )
        while outcome.history.stopReason == .cancelled {
            outcome = try problem.fit(
                checkpoint: checkpoint,
                isCancelled: Self.cancellation(after: 25)
            )
        }
        #expect(outcome.parameters == full.parameters)
        // A finished run has nothing left to do.
        let again = try problem.fit(checkpoint: checkpoint, isCancelled: { true })
        #expect(again.parameters == full.parameters)
        #expect(again.history.stopReason == .epochs)
    }

    @Test func `a run that is not to resume starts afresh and replaces the checkpoint`() throws {
        let folder = try TemporaryFolder()
        let problem = try RegressionProblem()
        let path = folder.file("run.checkpoint")
        try Data("not a checkpoint".utf8).write(to: URL(fileURLWithPath: path))
        let outcome = try problem.fit(checkpoint: CheckpointFile(path: path, resumes: false))
        #expect(outcome.history.epochs == 6)
        let resumed = try problem.fit(checkpoint: CheckpointFile(path: path, resumes: true))
        #expect(resumed.parameters == outcome.parameters)
        // Nothing temporary is left.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    @Test func `a checkpoint of another run is refused by the setting that differs`() throws {
        let folder = try TemporaryFolder()
        let checkpoint = CheckpointFile(path: folder.file("run.checkpoint"), resumes: true)
        let problem = try RegressionProblem(epochs: 2)
        _ = try problem.fit(checkpoint: checkpoint)
        let changes: [(String, (inout TrainingConfiguration) -> Void)] = [
            ("batch size", { $0.batchSize = 99 }),
            ("final batch size", { $0.finalBatchSize = 200 }),
            ("learning rate", { $0.learningRate = 0.01 }),
            ("learning rate decay", { $0.learningRateDecay = .constant }),
            ("weight decay", { $0.weightDecay = 0.1 }),
            ("z-score of theta", { $0.thetaZScore = .none }),
            ("z-score of x", { $0.xZScore = .structured }),
            ("epochs", { $0.epochs = 3 }),
            ("seed", { $0.seed = 5 }),
            ("average decay", { $0.averageDecay = 0.5 }),
        ]
        for (name, change) in changes {
            var other = problem
            change(&other.configuration)
            let error = try #require(throws: TrainingError.self) {
                _ = try other.fit(checkpoint: checkpoint)
            }
            guard case .otherRun(let setting, _, _) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(setting == name)
        }
        #expect(throws: TrainingError.self) {
            _ = try problem.fit(checkpoint: checkpoint, label: "another structure")
        }
        var data = try RegressionProblem(rows: 1999, epochs: 2)
        data.configuration = problem.configuration
        #expect(throws: TrainingError.self) { _ = try data.fit(checkpoint: checkpoint) }
    }

    @Test func `a checkpoint with a flipped bit or a missing end is refused`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("run.checkpoint")
        let problem = try RegressionProblem(epochs: 1)
        let checkpoint = CheckpointFile(path: path, resumes: true)
        _ = try problem.fit(checkpoint: checkpoint)
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var bad: [[UInt8]] = [[], Array(good.prefix(8)), Array(good.dropLast())]
        for offset in stride(from: 0, to: good.count, by: good.count / 40) {
            var flipped = good
            flipped[offset] ^= 0x10
            bad.append(flipped)
            bad.append(Array(good.prefix(offset)))
        }
        for bytes in bad {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = try #require(throws: TrainingError.self) {
                _ = try problem.fit(checkpoint: checkpoint)
            }
            guard case .damagedCheckpoint = error else {
                Issue.record("\(error)")
                continue
            }
        }
    }

    @Test func `what a killed writer left is removed, what a living one writes is not`() throws {
        let folder = try TemporaryFolder()
        // The number of no process: the largest there is, beyond any system's limit.
        let names = [
            "1.checkpoint.\(Int32.max).partial", "1.checkpoint.1.partial",
            "1.checkpoint.x.partial", "11.checkpoint.\(Int32.max).partial",
        ]
        for name in names {
            try Data("half".utf8).write(to: URL(fileURLWithPath: folder.file(name)))
        }
        _ = try RegressionProblem(epochs: 1).fit(
            checkpoint: CheckpointFile(path: folder.file("1.checkpoint"), resumes: true)
        )
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == (["1.checkpoint"] + names.dropFirst()).sorted()
        )
    }

    @Test func `a full disk fails by name and keeps the old checkpoint`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("run.checkpoint")
        let checkpoint = CheckpointFile(path: path, resumes: true)
        _ = try RegressionProblem(epochs: 1).fit(checkpoint: checkpoint)
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        // A process whose files may hold 1000 bytes stands for a disk that has no more.
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            #else
            let resource = RLIMIT_FSIZE
            #endif
            try #require(unsafe setrlimit(resource, &limit) == 0)
            let error = try #require(throws: TrainingError.self) {
                _ = try RegressionProblem(epochs: 1).fit(
                    checkpoint: CheckpointFile(path: path, resumes: false)
                )
            }
            guard case .file(path, let reason) = error, reason.contains("cannot be written") else {
                throw error
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["run.checkpoint"]
        )
    }

    @Test func `a folder that is not there is an error that names the file`() throws {
        let problem = try RegressionProblem(epochs: 1)
        let path = "/nonexistent/run.checkpoint"
        let error = try #require(throws: TrainingError.self) {
            _ = try problem.fit(checkpoint: CheckpointFile(path: path, resumes: true))
        }
        #expect("\(error)".hasPrefix(path))
    }
}
