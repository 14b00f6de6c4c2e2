import ArgumentParser

/// Repeats published experiments.
struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Repeat published experiments on robustness, beside the published figures.",
        discussion: """
            The experiments of Glöckler, Deistler, Macke (2023), Adversarial robustness of \
            amortized Bayesian inference, arXiv:2305.14984.
            """,
        subcommands: [Figure2Command.self, Figure5Command.self]
    )
}
