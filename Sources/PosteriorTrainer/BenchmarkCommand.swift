import ArgumentParser
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

    @OptionGroup
    var fitOptions: FitOptions

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
    }

    func run() throws {
        let task = try BenchmarkTask.named(byFlag: task)
        // Before training: what is missing should be missed early.
        let references = try (1...observations).map { number in
            try ReferenceSamples(
                directory: self.references,
                task: task.name,
                number: number,
                thetaDim: task.thetaDim,
                limit: samples
            )
        }
        let rows = try task.simulate(
            rows: 0..<simulations,
            seed: fitOptions.seed,
            workers: fitOptions.threads
        )
        let data = try SimulationSet(rows, prior: task.prior)
        let start = ContinuousClock.now
        let outcome = try fitOptions.train(on: data, xShape: [task.xDim])
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let report = BenchmarkReport(
            task: task.name,
            arguments: Array(ProcessInfo.processInfo.arguments.dropFirst()),
            simulations: simulations,
            samples: samples,
            seed: fitOptions.seed,
            estimator: fitOptions.estimatorOptions.estimator.rawValue,
            support: outcome.posterior.support,
            members: outcome.members.map(\.record),
            isFinished: outcome.isFinished,
            trainingSeconds: seconds,
            threads: fitOptions.threads,
            accuracies: try accuracies(of: outcome.posterior, task: task, references: references)
        )
        if let output { try AtomicFile.write(report.json, to: output) }
        print(json ? String(decoding: report.json, as: UTF8.self) : "\(report)")
    }

    /// The C2ST of each observation, several at a time.
    private func accuracies(
        of posterior: Posterior,
        task: BenchmarkTask,
        references: [ReferenceSamples]
    ) throws -> [Double] {
        let dimension = task.thetaDim
        let sampleCount = samples
        let seed = fitOptions.seed
        let results = Mutex(
            [Result<Double, CommandFailure>?](repeating: nil, count: references.count)
        )
        ParallelTiles.run(count: references.count, workers: fitOptions.threads) { index in
            let reference = references[index].theta
            let count = min(sampleCount, reference.count / dimension)
            let result = Result { () throws(CommandFailure) in
                ClassifierTwoSampleTest().accuracy(
                    Array(reference[..<(count * dimension)]),
                    try posterior.samplesInSupport(
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

extension Posterior {
    /// The most draws for each one that is wanted.
    private static let effort = 100

    /// Draws of one observation, `[S, D]`, inside the prior.
    fileprivate func samplesInSupport(
        count: Int,
        given x: [Float],
        seed: UInt64
    ) throws(CommandFailure) -> [Float] {
        guard support == .truncated else { return sample(count: count, given: x, seed: seed).theta }
        let theta = truncatedSample(
            count: count,
            given: x,
            seed: seed,
            rate: acceptanceRate(given: x),
            mostProposals: Self.effort * count,
            deadline: .now + .seconds(3600)
        ).theta
        guard theta.count == count * thetaDim else {
            throw CommandFailure(
                """
                fewer than one draw in \(Self.effort) lies inside the prior; train with \
                --support unconstrained
                """
            )
        }
        return theta
    }
}
