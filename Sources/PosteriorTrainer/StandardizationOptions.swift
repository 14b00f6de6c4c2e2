public import ArgumentParser
public import Estimators
import Training

/// The flags that say what the networks see theta and x scaled with.
struct StandardizationOptions: ParsableArguments {
    @Option(
        help: """
            Standardisation of theta. independent: each entry for itself. structured: all with \
            one mean and scale. none: as it is.
            """
    )
    var zScoreTheta = ZScore.independent

    @Option(help: "Standardisation of x; structured suits series and images.")
    var zScoreX = ZScore.independent

    @Flag(
        inversion: .prefixedNo,
        help: """
            See entries of x with heavy tails, such as counts and populations, on a logarithmic \
            scale; only with --z-score-x independent. More accurate, and less robust: a small \
            change of a small entry is then a large one.
            """
    )
    var logHeavyTails = true

    /// Sets what the flags say.
    func apply(to configuration: inout TrainingConfiguration) {
        configuration.thetaZScore = zScoreTheta
        configuration.xZScore = zScoreX
        configuration.scalesHeavyTails = logHeavyTails
    }
}

extension ZScore: ExpressibleByArgument {}
