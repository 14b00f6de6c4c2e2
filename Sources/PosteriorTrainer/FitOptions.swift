import ArgumentParser
import Estimators
import Foundation
import Training

/// The flags that say what is trained and how: what `train` and `benchmark` have in common.
struct FitOptions: ParsableArguments {
    @OptionGroup(title: "Estimator")
    var estimatorOptions: EstimatorOptions

    @OptionGroup(title: "Ensemble")
    var ensembleOptions: EnsembleOptions

    @OptionGroup(title: "Embedding")
    var embeddingOptions: EmbeddingOptions

    @OptionGroup(title: "Optimisation")
    var optimizationOptions: OptimizationOptions

    @OptionGroup(title: "Standardisation")
    var standardizationOptions: StandardizationOptions

    @OptionGroup(title: "End of training")
    var stoppingOptions: StoppingOptions

    @Option(
        help: ArgumentHelp(
            "Seed of the task's simulations, the initial weights and the order of the batches.",
            valueName: "s"
        )
    )
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    /// The training on a number of simulations.
    func training(simulations count: Int) -> EnsembleTraining {
        var configuration = TrainingConfiguration(seed: seed)
        configuration.support = estimatorOptions.support
        optimizationOptions.apply(to: &configuration, simulations: count)
        standardizationOptions.apply(to: &configuration)
        stoppingOptions.apply(to: &configuration, simulations: count)
        return EnsembleTraining(
            configuration: configuration,
            members: ensembleOptions.membersInTurn,
            decays: optimizationOptions.weightDecays(simulations: count),
            workers: threads,
            timeLimit: stoppingOptions.timeLimit?.duration
        )
    }

    /// Fits what the flags describe, showing progress.
    ///
    /// - Parameters:
    ///   - data: The pairs to train on.
    ///   - xShape: The shape of one x.
    ///   - checkpoint: Where to keep the state of the first run, if anywhere.
    ///   - isCancelled: Asked before every step; true ends training with what there is.
    /// - Returns: The posterior and how it came about.
    /// - Throws: `CommandFailure` or `TrainingError` naming what went wrong.
    func train(
        on data: SimulationSet,
        xShape: [Int],
        checkpoint: CheckpointFile? = nil,
        isCancelled: () -> Bool = { false }
    ) throws -> EnsembleTraining.Outcome {
        let training = training(simulations: data.count)
        let embedding = try embeddingOptions.architecture(xShape: xShape)
        var display = ProgressDisplay(training.configuration, runs: training.runs)
        defer { display.finish() }
        return try training.train(
            on: data,
            // Members that are trained together have it themselves.
            embedding: ensembleOptions.jointly ? nil : embedding,
            checkpoint: checkpoint,
            isCancelled: isCancelled,
            progress: { display.show($0, $1) },
            architecture: { seed in
                ensembleOptions.architecture(embedding, seed: seed) { seed in
                    estimatorOptions.architecture(thetaDim: data.thetaDim, seed: seed)
                }
            }
        )
    }
}
