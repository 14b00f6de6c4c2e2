import ArgumentParser
import Training

/// The optimisers.
enum Optimizer: String, CaseIterable, ExpressibleByArgument {
    /// Adam.
    case adam
    /// Adam with decoupled weight decay.
    case adamw
}

/// The shapes of the learning rate after its warm-up.
enum Schedule: String, CaseIterable, ExpressibleByArgument {
    /// Half a cosine down to zero.
    case cosine
    /// Lower on each plateau of the validation loss.
    case plateau
    /// Constant.
    case constant
}

/// The flags that say how a step is taken.
struct OptimizationOptions: ParsableArguments {
    @Option(help: "adamw is adam with decoupled weight decay.")
    var optimizer = Optimizer.adamw

    @Option(
        help: ArgumentHelp(
            """
            adamw: weight decay, in units of the learning rate; default: up to 200,000 \
            simulations a weak and a strong one are tried, and the better on held-out \
            simulations is kept; 0.01 beyond.
            """,
            valueName: "rate"
        )
    )
    var weightDecay: Double?

    @Option(
        help: ArgumentHelp(
            """
            Simulations of one step; 64:1024 lets them grow from the first epoch to the last. \
            Default: 128 for small sets, 512 for large ones, 256 between.
            """,
            valueName: "n[:n]"
        )
    )
    var batchSize: BatchSizes?

    @Option(help: ArgumentHelp("The highest learning rate.", valueName: "rate"))
    var learningRate = TrainingConfiguration().learningRate

    @Option(
        help: """
            What becomes of the learning rate after its warm-up. cosine: falls to zero with the \
            last epoch. plateau: falls whenever the validation loss does not.
            """
    )
    var schedule = Schedule.cosine

    @Option(help: ArgumentHelp("Steps over which the learning rate rises.", valueName: "n"))
    var warmUp = TrainingConfiguration().warmUpSteps

    @Option(
        help: ArgumentHelp(
            "plateau: what the learning rate is multiplied by; default: 0.5.",
            valueName: "factor"
        )
    )
    var plateauFactor: Double?

    @Option(
        help: ArgumentHelp(
            "plateau: epochs without a better validation loss that make one; default: 10.",
            valueName: "n"
        )
    )
    var plateauPatience: Int?

    @Option(
        help: ArgumentHelp(
            "The largest norm of a gradient; larger ones are scaled down. 0 turns this off.",
            valueName: "norm"
        )
    )
    var gradientNorm = TrainingConfiguration().gradientNormLimit

    @Option(
        help: ArgumentHelp(
            "Decay, a step, of the running average of the weights that is kept; 0: the weights.",
            valueName: "decay"
        )
    )
    var averageDecay = TrainingConfiguration().averageDecay

    func validate() throws {
        if let weightDecay {
            try require(
                weightDecay >= 0 && weightDecay * learningRate < 1,
                "--weight-decay",
                weightDecay,
                expected: "0 to below 1 / learning rate"
            )
            guard optimizer == .adamw else {
                throw ValidationError("--weight-decay: --optimizer \(optimizer) has none")
            }
        }
        try require(
            learningRate > 0 && learningRate.isFinite,
            "--learning-rate",
            learningRate,
            expected: "a number above 0"
        )
        try require(warmUp >= 0, "--warm-up", warmUp, expected: "at least 0")
        if let plateauFactor {
            try require(
                plateauFactor > 0 && plateauFactor < 1,
                "--plateau-factor",
                plateauFactor,
                expected: "a number between 0 and 1"
            )
        }
        if let plateauPatience {
            try require(
                plateauPatience > 0,
                "--plateau-patience",
                plateauPatience,
                expected: "at least 1"
            )
        }
        guard schedule == .plateau || (plateauFactor == nil && plateauPatience == nil) else {
            throw ValidationError(
                "--plateau-factor, --plateau-patience: --schedule \(schedule) has no plateaus"
            )
        }
        try require(gradientNorm >= 0, "--gradient-norm", gradientNorm, expected: "at least 0")
        try require(
            averageDecay >= 0 && averageDecay < 1,
            "--average-decay",
            averageDecay,
            expected: "0 to below 1"
        )
    }

    /// The weight decays to try on a number of simulations.
    func weightDecays(simulations count: Int) -> [Double] {
        switch optimizer {
        case .adam: [0]
        case .adamw: weightDecay.map { [$0] } ?? TrainingDefaults.weightDecays(simulations: count)
        }
    }

    /// Sets what the flags say, but for the weight decay, for a number of simulations.
    func apply(to configuration: inout TrainingConfiguration, simulations count: Int) {
        configuration.batchSize =
            batchSize?.first ?? TrainingDefaults.batchSize(simulations: count)
        configuration.finalBatchSize = batchSize?.last
        configuration.learningRate = learningRate
        configuration.warmUpSteps = warmUp
        configuration.learningRateDecay =
            switch schedule {
            case .cosine: .cosine
            case .plateau: .plateau(factor: plateauFactor ?? 0.5, patience: plateauPatience ?? 10)
            case .constant: .constant
            }
        configuration.gradientNormLimit = gradientNorm > 0 ? gradientNorm : .infinity
        configuration.averageDecay = averageDecay
    }
}

/// The batch sizes of the first and the last epoch.
struct BatchSizes: ExpressibleByArgument {
    /// The first.
    let first: Int
    /// The last, if it is another.
    let last: Int?

    /// Reads `256` or `64:1024`.
    init?(argument: String) {
        let sizes = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = sizes.first.flatMap({ $0 }), first > 0, sizes.count <= 2 else {
            return nil
        }
        self.first = first
        guard sizes.count == 2 else {
            last = nil
            return
        }
        guard let size = sizes[1], size > 0 else { return nil }
        last = size
    }
}
