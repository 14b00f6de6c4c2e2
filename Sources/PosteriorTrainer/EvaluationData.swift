import ArgumentParser
import Estimators
import Foundation
import ModelStore
import SimulationFiles
import Simulators
import Training

/// The flags that say what simulations a model is evaluated on.
struct EvaluationDataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Simulations that did not train the model, in the formats of `train`; default: fresh \
            ones of the model's task.
            """,
            valueName: "file"
        )
    )
    var data: [String] = []

    @Option(help: "The benchmark task; default: the one in the model's training record.")
    var task: String?

    @Option(help: ArgumentHelp("How many simulations to evaluate on.", valueName: "n"))
    var observations = 1000

    @Flag(help: "Leave out rows of --data with NaN or infinite numbers, and say how many.")
    var dropInvalid = false

    func validate() throws {
        if let task { _ = try BenchmarkTask.named(byFlag: task) }
        guard task == nil || data.isEmpty else {
            throw ValidationError("--task and --data exclude each other")
        }
        try require(
            (2...1_000_000).contains(observations),
            "--observations",
            observations,
            expected: "2 to 1000000"
        )
    }
}

/// Simulations that a model is evaluated on.
struct EvaluationData {
    /// The pairs.
    let simulations: Simulations
    /// The smallest and the largest number of x.
    let range: ClosedRange<Float>
    /// s of the model, or of the pairs where the model does not say.
    let dataScale: Double
    /// The task they came from, if they came from one.
    let task: BenchmarkTask?
    /// The mean loss of the exact posterior on them, where the task has one.
    let referenceNLL: LossEstimate?

    /// Draws or reads the simulations that flags name.
    init(
        _ options: EvaluationDataOptions,
        for file: ModelFile,
        seed: UInt64,
        threads: Int
    ) throws {
        let posterior = file.posterior
        let set: SimulationSet
        if options.data.isEmpty {
            let task = try Self.task(options.task, of: file)
            try Self.check(thetaDim: task.thetaDim, xDim: task.xDim, for: file)
            self.task = task
            set = try SimulationSet(
                task.simulate(
                    rows: 0..<options.observations,
                    seed: SeedPurpose.testSimulations.seed(of: seed),
                    workers: threads
                ),
                prior: posterior.prior
            )
        } else {
            task = nil
            set = try Self.set(options, for: file)
        }
        simulations = try set.first(options.observations)
        dataScale = file.metadata.dataScale ?? set.dataScale
        let numbers = simulations.x.filter { !$0.isNaN }
        guard let low = numbers.min(), let high = numbers.max() else {
            throw CommandFailure("the simulations have no number in x")
        }
        range = low...high
        referenceNLL = try task?.referenceLosses(of: simulations, workers: threads)
            .map { LossEstimate($0) }
    }

    /// The task a flag or the model names.
    private static func task(_ flag: String?, of file: ModelFile) throws -> BenchmarkTask {
        if let flag { return try BenchmarkTask.named(byFlag: flag) }
        guard let name = file.metadata.training?.task else {
            throw ValidationError(
                """
                the model was not trained on a benchmark task; name simulations with --data \
                FILE…, or a task with --task NAME
                """
            )
        }
        guard let task = BenchmarkTasks.named(name) else {
            throw CommandFailure(
                "the model was trained on the task \(name), which this program does not know"
            )
        }
        return task
    }

    /// Refuses simulations of other sizes than the model's.
    private static func check(thetaDim: Int, xDim: Int, for file: ModelFile) throws {
        let posterior = file.posterior
        guard thetaDim == posterior.thetaDim, xDim == posterior.xDim else {
            throw CommandFailure(
                """
                the simulations have \(thetaDim) parameters and \(xDim) entries of x a row; the \
                model has \(posterior.thetaDim) and \(posterior.xDim)
                """
            )
        }
    }

    /// Reads files.
    private static func set(
        _ options: EvaluationDataOptions,
        for file: ModelFile
    ) throws -> SimulationSet {
        let scratch =
            ProcessInfo.processInfo.environment["TMPDIR"]
            ?? FileManager.default.temporaryDirectory.path
        let table = try SimulationTable(
            paths: options.data,
            thetaNames: nil,
            xNames: nil,
            scratchDirectory: scratch
        )
        try check(thetaDim: table.thetaDim, xDim: table.xDim, for: file)
        var policy = RowPolicy()
        policy.dropsInvalidRows = options.dropInvalid
        policy.allowsConstantX = true
        if let trials = file.posterior.trialLimit {
            let width = file.posterior.xDim / trials
            policy.acceptsMissing = { TrainingData.hasWholeTrials($0, width: width) }
        }
        let set = try SimulationSet(table, prior: file.posterior.prior, policy: policy)
        if set.refusedCount > 0 {
            FileHandle.standardError.write(
                Data("\(set.refusedCount) simulations left out: not finite\n".utf8)
            )
        }
        return set
    }
}
