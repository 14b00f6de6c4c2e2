import ArgumentParser
import Distributions
import Estimators
import Foundation
import Kernels
import Robustness
import Simulators
import Synchronization
import Training

/// Trains on a task of sbibm and compares posteriors with the reference ones.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Train on a task of sbibm and measure the accuracy (C2ST).",
        discussion: """
            Trains as `train` does, samples the posterior of sbibm's ten observations, and lets a \
            classifier tell the samples from the reference posterior's: 0.5 is perfect, 1 is \
            useless. The mean is printed beside the published one of neural posterior estimation.

              pip install --no-deps sbibm==1.1.0
              python3 Tests/Reference/sbibm_references.py references refs
              posterior-trainer benchmark two_moons --simulations 10000 --references refs
            """
    )

    @Argument(help: "The benchmark task; `posterior-trainer tasks` lists them.")
    var task: String

    @Option(help: ArgumentHelp("How many simulations to train on.", valueName: "n"))
    var simulations = 10_000

    @Option(
        help: ArgumentHelp(
            "The folder with the reference posteriors, TASK/1.npy … TASK/10.npy.",
            valueName: "dir"
        )
    )
    var references: String

    @OptionGroup(title: "Estimator")
    var estimatorOptions: EstimatorOptions

    @Option(
        help: ArgumentHelp(
            "Train this many estimators with different seeds and mix them equally.",
            valueName: "n"
        )
    )
    var members = 1

    @Option(
        help: """
            unconstrained: the estimator sees theta through the prior's bijection. truncated: it \
            sees theta itself, and draws outside the prior are left out; suits bounded priors \
            much wider than the posteriors.
            """
    )
    var support = SupportOption.unconstrained

    @OptionGroup(title: "Optimisation")
    var optimizationOptions: OptimizationOptions

    @OptionGroup(title: "Standardisation")
    var standardizationOptions: StandardizationOptions

    @OptionGroup(title: "End of training")
    var stoppingOptions: StoppingOptions

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Samples of each posterior; at most as many as the reference has are compared.",
            valueName: "n"
        )
    )
    var samples = 10_000

    @Option(
        help: ArgumentHelp("How many of the observations to compare on.", valueName: "n")
    )
    var observations = 10

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Also write the report, as JSON, to this file.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        let task = try BenchmarkTask.named(byFlag: task)
        guard !task.referenceObservations.isEmpty else {
            throw ValidationError("\(task.name): sbibm has no observations of this task")
        }
        try require(simulations >= 2, "--simulations", simulations, expected: "at least 2")
        try require(samples >= 10, "--samples", samples, expected: "at least 10")
        let limit = task.referenceObservations.count
        try require(
            (1...limit).contains(observations),
            "--observations",
            observations,
            expected: "1 to \(limit)"
        )
        try require(members > 0, "--members", members, expected: "at least 1")
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let task = try BenchmarkTask.named(byFlag: task)
        // Before training: what is missing should be missed early.
        let references = try (1...observations).map { number in
            try ReferenceSamples(
                directory: self.references,
                task: task.name,
                number: number,
                thetaDim: task.thetaDim
            )
        }
        let rows = try task.simulate(rows: 0..<simulations, seed: seed, workers: threads)
        let data = try SimulationSet(
            rows,
            prior: support == .truncated ? Self.wholeSpace(task.thetaDim) : task.prior
        )
        let start = ContinuousClock.now
        let posterior = BenchmarkedPosterior(
            members: try (0..<members).map { try train(on: data, member: $0) },
            supports: task.prior.supportTransforms
        )
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let report = BenchmarkReport(
            task: task.name,
            simulations: simulations,
            seed: seed,
            estimator: estimatorOptions.estimator.rawValue,
            trainingSeconds: seconds,
            threads: threads,
            accuracies: try accuracies(of: posterior, task: task, references: references)
        )
        if let output { try AtomicFile.write(report.json, to: output) }
        print(json ? String(decoding: report.json, as: UTF8.self) : "\(report)")
    }

    /// A prior whose support is everything; of no other consequence for training.
    private static func wholeSpace(_ dimension: Int) -> DistributionDescription {
        .diagonalNormal(
            mean: Array(repeating: 0, count: dimension),
            standardDeviation: Array(repeating: 1, count: dimension)
        )
    }

    /// Fits an estimator, showing progress; the first has the seed of the run.
    private func train(on data: SimulationSet, member: Int) throws -> Posterior {
        let seed = seed &+ 1000 &* UInt64(member)
        var configuration = TrainingConfiguration(seed: seed)
        optimizationOptions.apply(to: &configuration, simulations: data.count)
        standardizationOptions.apply(to: &configuration)
        stoppingOptions.apply(to: &configuration, simulations: data.count)
        let search = WeightDecaySearch(
            configuration: configuration,
            decays: optimizationOptions.weightDecays(simulations: data.count),
            workers: threads,
            timeLimit: stoppingOptions.timeLimit?.duration
        )
        var display = ProgressDisplay(search.configuration, runs: search.decays.count)
        defer { display.finish() }
        let outcome = try search.train(
            estimatorOptions.architecture(thetaDim: data.thetaDim, seed: seed),
            on: data,
            progress: { display.show($0, $1) }
        )
        return outcome.trained.posterior
    }

    /// The C2ST of each observation, several at a time.
    private func accuracies(
        of posterior: BenchmarkedPosterior,
        task: BenchmarkTask,
        references: [ReferenceSamples]
    ) throws -> [Double] {
        let dimension = task.thetaDim
        let sampleCount = samples
        let seed = seed
        let results = Mutex(
            [Result<Double, CommandFailure>?](repeating: nil, count: references.count)
        )
        ParallelTiles.run(count: references.count, workers: threads) { index in
            let reference = references[index].theta
            let count = min(sampleCount, reference.count / dimension)
            let result = Result { () throws(CommandFailure) in
                ClassifierTwoSampleTest().accuracy(
                    Array(reference[..<(count * dimension)]),
                    try posterior.sample(
                        count: count,
                        given: task.referenceObservations[index],
                        seed: seed
                    ),
                    dimension: dimension
                )
            }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { $0 }.compactMap { try $0?.get() }
    }
}
