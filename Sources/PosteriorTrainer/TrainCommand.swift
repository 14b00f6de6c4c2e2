import ArgumentParser
import Foundation
import ModelStore
import Simulators
import Training

/// Trains an estimator and writes its model file.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a neural posterior estimator and write it as a model file.",
        discussion: """
            On simulations of your own, and the prior their parameters were drawn from:

              posterior-trainer train --data sims.npz --prior prior.json --output models/mine/1

            On fresh simulations of a benchmark task, with a test on others:

              posterior-trainer train --task linear_gaussian --simulations 100000 --seed 1

            The result is a function of the arguments, whatever the number of threads. The state \
            is kept beside the model; after an interruption the same command with --resume goes \
            on from it. Ctrl-C keeps the best weights so far; a second one quits at once.
            """
    )

    @Option(help: "A benchmark task; `posterior-trainer tasks` lists them.")
    var task: String?

    @Option(
        help: ArgumentHelp("How many simulations of the task to train on.", valueName: "n")
    )
    var simulations = 100_000

    @OptionGroup(title: "Data")
    var dataOptions: DataOptions

    @OptionGroup
    var fitOptions: FitOptions

    @OptionGroup(title: "Output")
    var outputOptions: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Fresh simulations of the task to test on; 0 skips the test.",
            valueName: "n"
        )
    )
    var testSimulations = 10_000

    func validate() throws {
        if let task { _ = try BenchmarkTask.named(byFlag: task) }
        guard (task == nil) != dataOptions.data.isEmpty else {
            throw ValidationError("train needs --task NAME or --data FILE…, and not both")
        }
        guard task != nil || outputOptions.output != nil else {
            throw ValidationError("--data needs --output DIRECTORY/NAME/VERSION")
        }
        try require(simulations >= 2, "--simulations", simulations, expected: "at least 2")
        try require(
            testSimulations == 0 || testSimulations >= 2,
            "--test-simulations",
            testSimulations,
            expected: "0, or at least 2"
        )
    }

    func run() throws {
        let task = try task.map { try BenchmarkTask.named(byFlag: $0) }
        let destination = try outputOptions.destination(defaultName: task?.name ?? "")
        let checkpointPath = outputOptions.checkpoint ?? destination.checkpointPath
        let source: TrainingData
        let outcome: EnsembleTraining.Outcome
        do {
            source = try trainingData(task: task, destination: destination)
            if source.set.refusedCount > 0 {
                note(
                    """
                    \(source.set.refusedCount) simulations left out: not finite or outside the prior
                    """
                )
            }
            outcome = try train(source, checkpointPath: checkpointPath)
        } catch {
            destination.removeEmptyFolders()
            throw error
        }
        let training = fitOptions.training(simulations: source.set.count)
        let model = TrainedModel(source: source, training: training, outcome: outcome)
        try model.write(to: destination)
        print(model.summary(path: destination.modelPath))
        if let task, testSimulations > 0 {
            print(try TestReport(outcome.posterior, task: task, command: self))
        }
        guard outcome.isFinished else {
            note("not finished; the same command with --resume goes on from \(checkpointPath)")
            return
        }
        for run in 0..<training.runs {
            let path = WeightDecaySearch.checkpointPath(checkpointPath, run: run)
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// What the flags say to train on.
    private func trainingData(
        task: BenchmarkTask?,
        destination: ModelDestination
    ) throws -> TrainingData {
        if let task {
            return try TrainingData(
                task: task,
                simulations: simulations,
                seed: fitOptions.seed,
                threads: fitOptions.threads
            )
        }
        return try TrainingData(
            dataOptions,
            hasTrials: fitOptions.embeddingOptions.embedding == .trials,
            validationFraction: fitOptions.stoppingOptions.validationFraction,
            scratchDirectory: ProcessInfo.processInfo.environment["TMPDIR"]
                ?? destination.parentDirectory,
            threads: fitOptions.threads
        )
    }

    /// Fits the estimator; Ctrl-C ends it with what there is.
    private func train(
        _ source: TrainingData,
        checkpointPath: String
    ) throws -> EnsembleTraining.Outcome {
        let interruption = Interruption()
        interruption.listen(
            notice: "finishing with the best weights so far; Ctrl-C again quits at once"
        )
        return try fitOptions.train(
            on: source.set,
            xShape: source.x.shape,
            checkpoint: CheckpointFile(
                path: checkpointPath,
                resumes: outputOptions.resume,
                interval: outputOptions.checkpointEvery?.duration ?? .seconds(10)
            ),
            isCancelled: { interruption.isRequested }
        )
    }

    /// Tells the user something on standard error.
    private func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
