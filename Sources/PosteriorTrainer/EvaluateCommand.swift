import ArgumentParser
import Foundation
import Kernels
import ModelStore
import Robustness
import Simulators
import Training

/// Measures how far a model can be trusted, and writes it beside the model.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure calibration and robustness to attacks, and write them beside the model.",
        discussion: """
            On fresh simulations of the task that the model was trained on:

              posterior-trainer evaluate models/linear_gaussian/1

            On simulations of your own, not those of training:

              posterior-trainer evaluate models/mine/1 --data test.npz

            Writes evaluation.json, which the server shows with the model, and \
            evaluation-kl.svg, evaluation-coverage.svg and evaluation-score.svg. The result is a \
            function of the arguments, whatever the number of threads. An attack that was \
            searched for is evidence, not proof: a better one may find more.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A folder NAME/VERSION with a model.safetensors, or NAME for its last version.",
            valueName: "directory"
        )
    )
    var model: String

    @OptionGroup(title: "Simulations to evaluate on")
    var dataOptions: EvaluationDataOptions

    @OptionGroup(title: "Attack")
    var attackOptions: AttackOptions

    @Option(
        help: ArgumentHelp("Draws that coverage and ranks are taken among.", valueName: "n")
    )
    var coverageDraws = 2000

    @Option(
        help: ArgumentHelp(
            "Observations that the attack itself is checked on; 0 leaves the checks out.",
            valueName: "n"
        )
    )
    var checks = 100

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Where to write; default: beside the model.",
            valueName: "directory"
        )
    )
    var output: String?

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        try require(coverageDraws >= 2, "--coverage-draws", coverageDraws, expected: "at least 2")
        try require(checks == 0 || checks >= 2, "--checks", checks, expected: "0, or at least 2")
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let path = try ModelFile.path(namedByFlag: model)
        let file: ModelFile
        do {
            file = try ModelFile(path: path)
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
        let directory =
            output ?? URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
        let data = try EvaluationData(dataOptions, for: file, seed: seed, threads: threads)
        var settings = RobustnessEvaluation()
        settings.dataScale = data.dataScale
        settings.epsilons = attackOptions.epsilon.values
        settings.attack = attackOptions.attack(range: data.range)
        settings.attack.seed = seed
        settings.attack.workers = threads
        settings.coverageDraws = coverageDraws
        settings.checkedObservations = checks
        let start = ContinuousClock.now
        guard let result = try result(settings, file, data) else {
            throw Interrupted()
        }
        let report = EvaluationReport(
            settings: settings,
            data: data,
            thetaNames: file.metadata.theta.names,
            result: result
        )
        try ModelDirectory.create(directory)
        for chart in report.charts {
            try AtomicFile.write(Array(chart.svg.utf8), to: "\(directory)/\(chart.file)")
        }
        try AtomicFile.write(report.json, to: "\(directory)/\(EvaluationReport.fileName)")
        print(report)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            String(
                format: "%@/%@ written after %.1f s",
                directory,
                EvaluationReport.fileName,
                seconds
            )
        )
    }

    /// The user ended the evaluation.
    struct Interrupted: Error, CustomStringConvertible {
        /// What became of it.
        var description: String { "interrupted; nothing was written" }
    }

    /// Measures, showing progress; nil when the user ended it.
    private func result(
        _ settings: RobustnessEvaluation,
        _ file: ModelFile,
        _ data: EvaluationData
    ) throws -> RobustnessResult? {
        let interruption = Interruption()
        interruption.listen(notice: "stopping; Ctrl-C again quits at once")
        let display = EvaluationDisplay()
        defer { display.finish() }
        do {
            return try settings.result(
                of: file.posterior,
                theta: data.simulations.theta,
                observations: data.simulations.x,
                progress: { display.show($0) },
                isCancelled: { interruption.isRequested }
            )
        } catch AttackError.cancelled {
            return nil
        }
    }
}
