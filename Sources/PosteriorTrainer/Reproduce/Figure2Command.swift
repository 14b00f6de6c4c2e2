import ArgumentParser
import Distributions
import Estimators
import Foundation
import Plots
import Robustness
import Simulators
import Training

/// Fisher information along x of a spline flow with and without regularisation.
struct Figure2Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure-2",
        abstract: "Draw the Fisher information of a one-dimensional posterior along x.",
        discussion: """
            Fits a spline flow to 1000 pairs of two noisy curves, once as it is and once with the \
            trace of the Fisher information regularised (β = 0.25), and draws the Fisher \
            information along x beside that of the exact conditional: the spikes are overfit.
            """
    )

    @Option(help: ArgumentHelp("Pairs to train on.", valueName: "n"))
    var simulations = 1000

    @Option(help: ArgumentHelp("Passes over them.", valueName: "n"))
    var epochs = 1000

    @Option(
        help: ArgumentHelp("The strength β of the regularisation, in units of x².", valueName: "b")
    )
    var beta = 0.25

    @Option(help: ArgumentHelp("Draws of each Fisher information.", valueName: "n"))
    var draws = 6000

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The picture.", valueName: "file"))
    var output = "figure-2.svg"

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    /// Places along x.
    private static let places = 1000

    func validate() throws {
        try require(simulations >= 2, "--simulations", simulations, expected: "at least 2")
        let limit = TrainingConfiguration.epochLimit
        try require((1...limit).contains(epochs), "--epochs", epochs, expected: "1 to \(limit)")
        try require(beta > 0 && beta.isFinite, "--beta", beta, expected: "a number above 0")
        try require(draws >= 2, "--draws", draws, expected: "at least 2")
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let range = TwoCurves.range
        let x = (0..<Self.places).map { place in
            range.lowerBound
                + (range.upperBound - range.lowerBound) * Double(place) / Double(Self.places - 1)
        }
        let interruption = Interruption()
        interruption.listen(notice: "stopping; Ctrl-C again quits at once")
        let exact = x.map { TwoCurves.fisherInformation(at: $0) }
        var curves: [(name: String, values: [Double])] = [("exact", exact)]
        var regularization = FisherTraceRegularization(beta: ScaledAmount(beta, .absolute))
        regularization.draws = 1
        regularization.share = 1
        for (name, defense) in [
            ("no defense", Defense.none),
            ("fim, β = \(beta)", .fisherTrace(regularization)),
        ] {
            FileHandle.standardError.write(Data("training: \(name)\n".utf8))
            let posterior = try posterior(defense, isCancelled: { interruption.isRequested })
            guard !interruption.isRequested else {
                throw CommandFailure("interrupted; nothing was written")
            }
            var estimator = FisherEstimator(posterior)
            estimator.draws = draws
            estimator.seed = seed
            estimator.workers = threads
            curves.append((name, estimator.estimates(at: x.map(Float.init)).map(\.trace.mean)))
        }
        try AtomicFile.write(Array(chart(x, curves).svg.utf8), to: output)
        for curve in curves { print(summary(of: curve, x)) }
        print("\(output) is written")
    }

    /// Fits a flow to the pairs, without holding any back: the last weights are what counts.
    private func posterior(
        _ defense: Defense,
        isCancelled: () -> Bool
    ) throws -> Posterior {
        let pairs = TwoCurves.simulate(count: simulations, seed: seed)
        // The pairs train and judge at once, so that nothing stops training early.
        let data = try SimulationSet(
            Simulations(
                theta: pairs.theta + pairs.theta,
                x: pairs.x + pairs.x,
                thetaDim: 1,
                xDim: 1
            ),
            prior: .diagonalNormal(mean: [0], standardDeviation: [5])
        )
        var configuration = TrainingConfiguration(seed: seed)
        configuration.batchSize = 512
        configuration.learningRate = 1e-3
        configuration.learningRateDecay = .constant
        configuration.warmUpSteps = 0
        configuration.averageDecay = 0
        configuration.gradientNormLimit = 75
        configuration.epochs = epochs
        configuration.patience = epochs
        configuration.defense = defense
        let theta = Self.moments(pairs.theta)
        let x = Self.moments(pairs.x)
        let estimator = try EstimatorArchitecture.neuralSplineFlow(
            thetaDim: 1,
            hiddenFeatures: 50,
            blocks: 1,
            transformCount: 1,
            bins: 20,
            tailBound: 5,
            seed: seed
        ).trainable(
            prior: data.prior,
            standardization: Standardization(
                thetaScale: [Float(1 / theta.deviation)],
                thetaShift: [Float(-theta.mean / theta.deviation)],
                xMean: [Float(x.mean)],
                xStandardDeviation: [Float(x.deviation)]
            )
        )
        let outcome = try Trainer(configuration: configuration, workers: threads).fit(
            estimator,
            to: data,
            split: DataSplit(count: data.count, holdingOutLast: simulations),
            label: "figure-2",
            isCancelled: isCancelled
        )
        return try estimator.posterior(parameters: outcome.parameters)
    }

    private static func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, (squares / (count - 1)).squareRoot())
    }

    /// Peak and mean of a curve in one line.
    private func summary(of curve: (name: String, values: [Double]), _ x: [Double]) -> String {
        let peak = curve.values.indices.max { curve.values[$0] < curve.values[$1] } ?? 0
        return String(
            format: "%@: Fisher information up to %.2f at x = %.2f, mean %.3f",
            curve.name,
            curve.values[peak],
            x[peak],
            curve.values.reduce(0, +) / Double(curve.values.count)
        )
    }

    private func chart(
        _ x: [Double],
        _ curves: [(name: String, values: [Double])]
    ) -> LineChart {
        LineChart(
            title: "Fisher information of q(y | x) along x",
            xAxis: Axis("x"),
            yAxis: Axis("Fisher information", scale: .logarithmic),
            series: curves.map {
                .init($0.name, x: x, y: $0.values, isDashed: $0.name == "exact")
            }
        )
    }
}
