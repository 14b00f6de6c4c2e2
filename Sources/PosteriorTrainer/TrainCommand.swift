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

    @OptionGroup(title: "Estimator")
    var estimatorOptions: EstimatorOptions

    @OptionGroup(title: "Embedding")
    var embeddingOptions: EmbeddingOptions

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
            "Seed of the task's simulations, the initial weights and the order of the batches.",
            valueName: "s"
        )
    )
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Fresh simulations of the task to test on; 0 skips the test.",
            valueName: "n"
        )
    )
    var testSimulations = 10_000

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

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
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let task = try task.map { try BenchmarkTask.named(byFlag: $0) }
        let destination = try outputOptions.destination(defaultName: task?.name ?? "")
        let checkpointPath = outputOptions.checkpoint ?? destination.checkpointPath
        let source = try trainingData(task: task, destination: destination)
        let data = source.set
        if data.refusedCount > 0 {
            note("\(data.refusedCount) simulations left out: not finite or outside the prior")
        }
        let search = search(forSimulations: data.count)
        let embedding = try embeddingOptions.architecture(xShape: source.x.shape)
        let outcome = try train(
            search,
            embedding: embedding,
            on: data,
            checkpointPath: checkpointPath
        )
        let trained = outcome.trained
        try ModelDirectory.create(destination.directory)
        try ModelFile(
            metadata: metadata(source, outcome),
            posterior: trained.posterior,
            calibration: try source.calibration(
                of: trained.posterior,
                outcome.configuration,
                threads: threads
            )
        ).write(to: destination.modelPath)
        try AtomicFile.write(
            exampleRequest(try source.exampleObservation(outcome.configuration)),
            to: destination.examplePath
        )
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
        if let task, testSimulations > 0 {
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

    /// What the flags say to train on.
    private func trainingData(
        task: BenchmarkTask?,
        destination: ModelDestination
    ) throws -> TrainingData {
        if let task {
            return try TrainingData(
                task: task,
                simulations: simulations,
                seed: seed,
                threads: threads
            )
        }
        return try TrainingData(
            dataOptions,
            hasTrials: embeddingOptions.embedding == .trials,
            validationFraction: stoppingOptions.validationFraction,
            scratchDirectory: ProcessInfo.processInfo.environment["TMPDIR"]
                ?? destination.parentDirectory
        )
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
        embedding: EmbeddingArchitecture?,
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
            embedding: embedding,
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
        _ source: TrainingData,
        _ outcome: WeightDecaySearch.Outcome
    ) -> ModelMetadata {
        let history = outcome.trained.outcome.history
        let configuration = outcome.configuration
        return ModelMetadata(
            summary: source.summary,
            theta: source.theta,
            x: source.x,
            dataScale: source.set.dataScale,
            training: TrainingRecord(
                task: source.task?.name,
                dataDigest: source.digest,
                simulations: source.simulations,
                seed: seed,
                softwareVersion: "posterior-server \(PosteriorTrainer.release)",
                batchSize: configuration.batchSize,
                learningRate: configuration.learningRate,
                validationFraction: source.set.heldOutCount == nil
                    ? configuration.validationFraction : nil,
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
    private func exampleRequest(_ observation: [Float]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("observations")
        writer.beginArray()
        // Trials that are missing are left out.
        let present = observation.filter { !$0.isNaN }
        writer.numbers(present.span)
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
