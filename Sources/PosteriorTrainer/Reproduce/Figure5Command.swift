import ArgumentParser
import Foundation
import ModelStore
import Robustness
import Simulators
import Training

/// Trains and attacks every defense on every task.
struct Figure5Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure-5",
        abstract: "Compare defenses: divergence under attack, coverage, accuracy, training time.",
        discussion: """
            Trains a model for each task, estimator and defense, as the published ones were, with \
            their strengths, evaluates it by the published attack, and writes summary.md and pictures with \
            the published figures beside ours. fim and adversarial are trained in our way: with averaged weights and a \
            falling rate. Every model is a folder of --output, which posterior-server --models serves.

              posterior-trainer reproduce figure-5 --tasks linear_gaussian --simulations 10000

            A run that is done is not repeated: after Ctrl-C, or with more tasks or defenses, the same command \
            goes on where it stopped.
            """
    )

    /// The tasks of the figure.
    static let tasks = [
        "linear_gaussian", "lotka_volterra_series", "sir_series", "spatial_sir", "hodgkin_huxley",
        "digits_vae",
    ]

    @Option(help: ArgumentHelp("The tasks; default: all six.", valueName: "name,…"))
    var tasks: NameList?

    @Option(
        help: ArgumentHelp(
            "The defenses: \(FigureDefense.allCases.map(\.rawValue).joined(separator: ", ")); default: all.",
            valueName: "name,…"
        )
    )
    var defenses: NameList?

    @Option(help: ArgumentHelp("The estimators, as in `train`.", valueName: "name,…"))
    var estimators: NameList?

    @Option(help: ArgumentHelp("Simulations to train on.", valueName: "n"))
    var simulations = 100_000

    @Option(help: ArgumentHelp("The most passes over them; default: as `train`.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Observations to attack.", valueName: "n"))
    var observations = 1000

    @Option(
        help: ArgumentHelp(
            "What the published strengths β of fim are multiplied by.",
            valueName: "f"
        )
    )
    var betaScale = 1.0

    @Option(
        help: """
            Whether gradients of the attack keep the score, as in the published one, or leave it out, \
            which finds more at small ε.
            """
    )
    var attackGradient = Attack.Gradient.published

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Where models, table and pictures go.", valueName: "directory"))
    var output = "figure-5"

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        for name in tasks?.names ?? [] where !Self.tasks.contains(name) {
            throw ValidationError(
                "--tasks \(name): the figure has \(Self.tasks.joined(separator: ", "))"
            )
        }
        _ = try chosenDefenses()
        _ = try chosenEstimators()
        try require(simulations >= 2, "--simulations", simulations, expected: "at least 2")
        try require(
            (2...1_000_000).contains(observations),
            "--observations",
            observations,
            expected: "2 to 1000000"
        )
        try require(
            betaScale > 0 && betaScale <= 1e6,
            "--beta-scale",
            betaScale,
            expected: "a number above 0"
        )
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let runs = try runs()
        var results: [FigureResult] = []
        for (index, run) in runs.enumerated() {
            note("run \(index + 1) of \(runs.count): \(run.name)")
            guard let result = try run.result(), !Interruption.isRequested else {
                note("stopped; the same command goes on from here")
                break
            }
            results.append(result)
            // A table so far is better than none.
            try write(results)
        }
        guard !results.isEmpty else { return }
        print(Figure5Report(results: results).table)
        print("\(output)/\(Figure5Report.tableFile) and the pictures beside it are written")
    }

    private func write(_ results: [FigureResult]) throws {
        let report = Figure5Report(results: results)
        try AtomicFile.write(
            Array(report.table.utf8),
            to: "\(output)/\(Figure5Report.tableFile)"
        )
        for chart in report.charts {
            try AtomicFile.write(Array(chart.svg.utf8), to: "\(output)/\(chart.file)")
        }
    }

    /// Every run, in the order of the table.
    private func runs() throws -> [FigureRun] {
        let seed = ["--seed", "\(seed)"]
        let shared = (
            train: ["--simulations", "\(simulations)"]
                + (epochs.map { ["--epochs", "\($0)"] } ?? []) + seed,
            evaluate: [
                "--observations", "\(observations)", "--attack-gradient",
                attackGradient.rawValue,
            ] + seed
        )
        let threads = ["--threads", "\(threads)"]
        return try (tasks?.names ?? Self.tasks).flatMap { task in
            let task = try BenchmarkTask.named(byFlag: task)
            return try chosenEstimators().flatMap { estimator in
                try chosenDefenses().map { defense in
                    FigureRun(
                        task: task,
                        estimator: estimator,
                        defense: defense,
                        betaScale: betaScale,
                        shared: shared,
                        threads: threads,
                        output: output
                    )
                }
            }
        }
    }

    private func chosenDefenses() throws -> [FigureDefense] {
        try chosen(defenses, "--defenses", default: FigureDefense.allCases)
    }

    private func chosenEstimators() throws -> [EstimatorFamily] {
        try chosen(estimators, "--estimators", default: [.maf])
    }

    /// The values a list names.
    private func chosen<Value: RawRepresentable<String> & CaseIterable>(
        _ list: NameList?,
        _ flag: String,
        default values: [Value]
    ) throws -> [Value] {
        guard let list else { return values }
        return try list.names.map { name in
            guard let value = Value(rawValue: name) else {
                let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("\(flag) \(name): expected some of \(all)")
            }
            return value
        }
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
