import ArgumentParser
import Training

/// The flags that say when training ends, and what judges it.
struct StoppingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The most passes over the simulations; default: 54,000 over the root of their number, \
            from 20 to 1000.
            """,
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

    @Option(
        help: ArgumentHelp(
            """
            Stop after this time, such as 90s, 10m or 1h30m, with the best weights so far; \
            --resume goes on. A run that is to end by then does better with fewer --epochs, \
            whose learning rate falls in time.
            """,
            valueName: "time"
        )
    )
    var timeLimit: TimeSpan?

    @Option(
        help: ArgumentHelp("The part of the simulations held out to judge.", valueName: "part")
    )
    var validationFraction = TrainingConfiguration().validationFraction

    func validate() throws {
        if let epochs {
            let limit = TrainingConfiguration.epochLimit
            try require(
                (1...limit).contains(epochs),
                "--epochs",
                epochs,
                expected: "1 to \(limit)"
            )
        }
        if let patience {
            try require(patience > 0, "--patience", patience, expected: "at least 1")
        }
        try require(
            validationFraction > 0 && validationFraction < 1,
            "--validation-fraction",
            validationFraction,
            expected: "a number between 0 and 1"
        )
    }

    /// Sets what the flags say, for a number of simulations.
    func apply(to configuration: inout TrainingConfiguration, simulations count: Int) {
        configuration.validationFraction = validationFraction
        configuration.epochs = epochs ?? TrainingDefaults.epochs(simulations: count)
        configuration.patience =
            patience ?? TrainingDefaults.patience(epochs: configuration.epochs)
    }
}
