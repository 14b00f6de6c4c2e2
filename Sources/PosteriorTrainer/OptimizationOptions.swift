import ArgumentParser
import Training

/// The flags that say how weights are fitted.
struct OptimizationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Simulations of one step.", valueName: "n"))
    var batchSize = TrainingConfiguration().batchSize

    @Option(
        help: ArgumentHelp(
            "The highest learning rate; it warms up and then falls along a cosine.",
            valueName: "rate"
        )
    )
    var learningRate = TrainingConfiguration().learningRate

    @Option(
        help: ArgumentHelp(
            "The most passes over the simulations; default: 60, more for small sets.",
            valueName: "n"
        )
    )
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            """
            Stop after this many epochs without a better validation loss; default: a tenth of \
            the epochs, at least 20.
            """,
            valueName: "n"
        )
    )
    var patience: Int?

    func validate() throws {
        try require(batchSize > 0, "--batch-size", batchSize, expected: "at least 1")
        try require(
            learningRate > 0 && learningRate.isFinite,
            "--learning-rate",
            learningRate,
            expected: "a number above 0"
        )
        for (flag, value) in [("--epochs", epochs), ("--patience", patience)] {
            guard let value else { continue }
            try require(value > 0, flag, value, expected: "at least 1")
        }
    }

    /// The configuration of a run on a number of simulations.
    func configuration(forSimulations count: Int, seed: UInt64) -> TrainingConfiguration {
        var configuration = TrainingConfiguration(seed: seed)
        configuration.batchSize = batchSize
        configuration.learningRate = learningRate
        configuration.setEpochs(forSimulations: count)
        if let epochs { configuration.epochs = epochs }
        configuration.patience = patience ?? max(configuration.epochs / 10, 20)
        return configuration
    }
}
