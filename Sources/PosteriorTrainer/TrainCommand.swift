import ArgumentParser
import Estimators
import Foundation
import ModelStore
import Plots
import Simulators
import StrictJSON
import Training

/// Trains an estimator and writes its model file.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a neural posterior estimator and write it as a model file.",
        discussion: """
            Draws simulations of the task, fits the estimator to them, and measures it on fresh \
            ones:

              posterior-trainer train --task linear_gaussian --simulations 100000 --seed 1

            The result is a function of the arguments, whatever the number of threads. The state \
            is kept beside the model; after an interruption the same command with --resume goes \
            on from it. Ctrl-C keeps the best weights so far; a second one quits at once.
            """
    )

    @Option(help: "The benchmark task; `posterior-trainer tasks` lists them.")
    var task: String

    @Option(help: ArgumentHelp("How many simulations to train on.", valueName: "n"))
    var simulations = 100_000

    @OptionGroup(title: "Estimator")
    var estimatorOptions: EstimatorOptions

    @OptionGroup(title: "Optimisation")
    var optimizationOptions: OptimizationOptions

    @OptionGroup(title: "Standardisation")
    var standardizationOptions: StandardizationOptions

    @OptionGroup(title: "End of training")
    var stoppingOptions: StoppingOptions

    @OptionGroup(title: "Output")
    var outputOptions: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Seed of the simulations, the initial weights and the order of the batches.",
            valueName: "s"
        )
    )
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp("Fresh simulations to test on; 0 skips the test.", valueName: "n")
    )
    var testSimulations = 10_000

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        _ = try BenchmarkTask.named(byFlag: task)
        try require(simulations >= 2, "--simulations", simulations, expected: "at least 2")
        try require(
            testSimulations == 0 || testSimulations >= 2,
            "--test-simulations",
            testSimulations,
            expected: "0, or at least 2"
        )
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let task = try BenchmarkTask.named(byFlag: task)
        let destination = try outputOptions.destination(defaultName: task.name)
        let checkpointPath = outputOptions.checkpoint ?? destination.checkpointPath
        let rows = try task.simulate(rows: 0..<simulations, seed: seed, workers: threads)
        let data = try SimulationSet(rows, prior: task.prior)
        if data.refusedCount > 0 {
            note("\(data.refusedCount) simulations left out: not finite or outside the prior")
        }
        let search = search(forSimulations: data.count)
        let outcome = try train(search, on: data, checkpointPath: checkpointPath)
        let trained = outcome.trained
        try ModelDirectory.create(destination.directory)
        try ModelFile(
            metadata: metadata(task: task, data: data, outcome),
            posterior: trained.posterior
        ).write(to: destination.modelPath)
        try AtomicFile.write(try exampleRequest(of: task), to: destination.examplePath)
        let curve = trained.outcome.history.curve(
            title: "Training of \(destination.modelName)"
        )
        try AtomicFile.write(Array(curve.svg.utf8), to: destination.curvePath)
        print("\(destination.modelPath): \(summary(of: trained.outcome.history))")
        if search.decays.count > 1, outcome.isFinished {
            print(
                "best of \(search.decays.count) weight decays: \(outcome.configuration.weightDecay)"
            )
        }
        if testSimulations > 0 {
            print(try TestReport(trained, task: task, command: self))
        }
        guard outcome.isFinished else {
            note("not finished; the same command with --resume goes on from \(checkpointPath)")
            return
        }
        for run in search.decays.indices {
            let path = WeightDecaySearch.checkpointPath(checkpointPath, run: run)
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// The runs on a number of simulations.
    private func search(forSimulations count: Int) -> WeightDecaySearch {
        var configuration = TrainingConfiguration(seed: seed)
        optimizationOptions.apply(to: &configuration, simulations: count)
        standardizationOptions.apply(to: &configuration)
        stoppingOptions.apply(to: &configuration, simulations: count)
        return WeightDecaySearch(
            configuration: configuration,
            decays: optimizationOptions.weightDecays(simulations: count),
            workers: threads,
            timeLimit: stoppingOptions.timeLimit?.duration
        )
    }

    /// Fits the estimator, showing progress.
    private func train(
        _ search: WeightDecaySearch,
        on data: SimulationSet,
        checkpointPath: String
    ) throws -> WeightDecaySearch.Outcome {
        let interruption = Interruption()
        interruption.listen(
            notice: "finishing with the best weights so far; Ctrl-C again quits at once"
        )
        var display = ProgressDisplay(search.configuration, runs: search.decays.count)
        defer { display.finish() }
        return try search.train(
            estimatorOptions.architecture(thetaDim: data.thetaDim, seed: seed),
            on: data,
            checkpoint: CheckpointFile(
                path: checkpointPath,
                resumes: outputOptions.resume,
                interval: outputOptions.checkpointEvery?.duration ?? .seconds(10)
            ),
            isCancelled: { interruption.isRequested },
            progress: { display.show($0, $1) }
        )
    }

    /// What the model file says beyond the weights; no times, so that the same command writes the
    /// same bytes.
    private func metadata(
        task: BenchmarkTask,
        data: SimulationSet,
        _ outcome: WeightDecaySearch.Outcome
    ) -> ModelMetadata {
        let history = outcome.trained.outcome.history
        let configuration = outcome.configuration
        return ModelMetadata(
            summary: task.summary,
            theta: VariableDescription(names: task.thetaNames),
            x: VariableDescription(names: task.xNames),
            dataScale: data.dataScale,
            training: TrainingRecord(
                task: task.name,
                simulations: simulations,
                seed: seed,
                softwareVersion: "posterior-server \(PosteriorTrainer.release)",
                batchSize: configuration.batchSize,
                learningRate: configuration.learningRate,
                validationFraction: configuration.validationFraction,
                epochs: history.epochs,
                bestEpoch: history.best.epoch,
                trainingLosses: history.trainingLosses,
                validationLosses: history.validationLosses,
                weightDecay: configuration.weightDecay,
                learningRateSchedule: configuration.learningRateDecay.name,
                stopReason: history.stopReason.rawValue
            )
        )
    }

    /// A body that can be posted to the model's `sample`.
    private func exampleRequest(of task: BenchmarkTask) throws -> [UInt8] {
        let observation = try task.exampleObservation()
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("observations")
        writer.beginArray()
        writer.numbers(observation.span)
        writer.endArray()
        writer.key("num_samples")
        writer.integer(1000)
        writer.key("seed")
        writer.integer(1)
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }

    /// The course of training in one line.
    private func summary(of history: TrainingHistory) -> String {
        let loss = String(format: "%.4f", history.best.validationLoss)
        let time = String(format: "%.1f s", history.seconds)
        let end =
            switch history.stopReason {
            case .epochs: "after \(history.epochs) epochs"
            case .patience: "after \(history.epochs) epochs, the last ones without a better loss"
            case .timeLimit: "out of time after \(history.epochs) epochs"
            case .cancelled: "interrupted after \(history.epochs) epochs"
            }
        return "validation loss \(loss) in epoch \(history.best.epoch), \(end) and \(time)"
    }

    /// Tells the user something on standard error.
    private func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
