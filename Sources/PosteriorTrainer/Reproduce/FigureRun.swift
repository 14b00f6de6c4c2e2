import ArgumentParser
import Foundation
import Robustness
import Simulators
import StrictJSON
import Training

/// The defenses of figure 5.
enum FigureDefense: String, CaseIterable, ExpressibleByArgument {
    /// None.
    case none
    /// Regularisation of the Fisher trace.
    case fim
    /// Adversarial training.
    case adversarial
    /// TRADES.
    case trades
    /// Noise augmentation.
    case noise

    /// The published strength for a task, as flags of `train`: β in the units of x², radii in those
    /// of the data scale.
    ///
    /// For the weight of TRADES see `TRADES.beta`.
    ///
    /// - Parameters:
    ///   - task: The name of the task.
    ///   - betaScale: What β of `fim` is multiplied by.
    /// - Returns: The flags.
    func flags(task: String, betaScale: Double) -> [String] {
        let isLinear = task == "linear_gaussian"
        switch self {
        case .none: return []
        case .fim:
            let betas = [
                "linear_gaussian": 0.001, "lotka_volterra_series": 0.01, "sir_series": 0.1,
                "spatial_sir": 0.1, "hodgkin_huxley": 100, "digits_vae": 0.01,
            ]
            return ["--defense", rawValue, "--beta", "\(betaScale * (betas[task] ?? 0.01))"]
        case .adversarial:
            return ["--defense", rawValue, "--epsilon", isLinear ? "0.1" : "1"]
        case .trades:
            let radius = isLinear || task == "digits_vae" ? "0.1" : "0.5"
            return ["--defense", rawValue, "--epsilon", radius]
        case .noise: return ["--defense", rawValue, "--epsilon", "1"]
        }
    }
}

extension EstimatorFamily {
    /// The published structure, as nearly as this program has it.
    var figureFlags: [String] {
        let structure =
            switch self {
            case .maf: ["--transforms", "3", "--hidden", "100", "--blocks", "1"]
            case .nsf:
                ["--transforms", "3", "--hidden", "100", "--blocks", "1", "--bins", "12"]
            case .nsfCoupling: ["--transforms", "3", "--hidden", "100", "--bins", "12"]
            case .mdn: ["--components", "10", "--hidden", "200", "--layers", "2"]
            case .gaussian: ["--hidden", "200", "--layers", "2"]
            case .gaussianDiagonal: ["--hidden", "100", "--layers", "2"]
            }
        return ["--estimator", rawValue] + structure
    }
}

/// One model of figure 5: what it is, and the commands that make and measure it.
struct FigureRun {
    /// How the published models were trained, as flags of `train`.
    private static let publishedTraining = [
        "--optimizer", "adam", "--learning-rate", "0.001", "--schedule", "constant", "--warm-up",
        "0", "--batch-size", "512", "--gradient-norm", "75", "--average-decay", "0",
        "--patience", "10", "--no-log-heavy-tails",
    ]

    /// How models with `fim` and `adversarial` are trained: weights that jitter have a larger Fisher
    /// information than their mean, so the rate falls and the weights are averaged, over about as many
    /// epochs as the undefended model takes.
    private static func settlingTraining(epochs: Int) -> [String] {
        [
            "--optimizer", "adam", "--learning-rate", "0.005", "--batch-size", "512",
            "--gradient-norm", "75", "--epochs", "\(epochs)", "--patience", "\(epochs)",
            "--no-log-heavy-tails",
        ]
    }

    private static let settlingEpochs = [
        "linear_gaussian": 60, "lotka_volterra_series": 80, "sir_series": 80, "spatial_sir": 15,
        "hodgkin_huxley": 60, "digits_vae": 45,
    ]

    /// The task.
    let task: BenchmarkTask
    /// The family.
    let estimator: EstimatorFamily
    /// The defense.
    let defense: FigureDefense
    /// What β of `fim` is multiplied by.
    let betaScale: Double
    /// The flags that every run of the figure shares, of `train` and of `evaluate`.
    let shared: (train: [String], evaluate: [String])
    /// Flags that change no result.
    let threads: [String]
    /// The folder of the figure, whose models a server can serve.
    let output: String

    /// The name of the model.
    var name: String { "\(task.name)-\(estimator.rawValue)-\(defense.rawValue)" }
    /// The folder of the model.
    var directory: String { "\(output)/\(name)/1" }
    private var recordPath: String { "\(directory)/run.json" }
    private var evaluationPath: String { "\(directory)/\(EvaluationReport.fileName)" }

    /// The arguments of `train`.
    var trainArguments: [String] {
        ["--task", task.name] + estimator.figureFlags + embeddingFlags + training
            + defense.flags(task: task.name, betaScale: betaScale) + shared.train
            + ["--test-simulations", "0", "--output", directory]
    }

    private var training: [String] {
        let epochs = Self.settlingEpochs[task.name] ?? 60
        return switch defense {
        case .fim: Self.settlingTraining(epochs: epochs)
        // An epoch takes five times as long as one without defense.
        case .adversarial: Self.settlingTraining(epochs: 3 * epochs / 4)
        case .none, .trades, .noise: Self.publishedTraining
        }
    }

    private var embeddingFlags: [String] {
        guard let features = task.embeddingWidths.last else { return [] }
        let hidden = task.embeddingWidths.dropLast().map(String.init).joined(separator: ",")
        return [
            "--embedding", "mlp", "--embedding-hidden", hidden, "--embedding-features",
            "\(features)",
        ]
    }

    /// The arguments of `evaluate`.
    var evaluateArguments: [String] { [directory] + shared.evaluate }

    /// Does what is not done yet.
    ///
    /// - Returns: What was found; nil if the user ended it.
    /// - Throws: `CommandFailure` where the folder holds a run of other settings.
    func result() throws -> FigureResult? {
        var record = try FigureRecord(path: recordPath)
        if let record, record.train != trainArguments {
            throw CommandFailure(
                """
                \(directory) holds a run of other settings; choose another --output, or remove it. \
                It was made by: train \(record.train.joined(separator: " "))
                """
            )
        }
        if record == nil {
            guard let seconds = try train() else { return nil }
            record = FigureRecord(train: trainArguments, seconds: seconds, evaluate: nil)
            try AtomicFile.write(record?.json ?? [], to: recordPath)
        }
        guard var record else { return nil }
        if record.evaluate != evaluateArguments
            || !FileManager.default.fileExists(atPath: evaluationPath)
        {
            FileHandle.standardError.write(Data("\(name): evaluating\n".utf8))
            do {
                try EvaluateCommand.parse(evaluateArguments + threads).run()
            } catch is EvaluateCommand.Interrupted {
                return nil
            }
            record.evaluate = evaluateArguments
            try AtomicFile.write(record.json, to: recordPath)
        }
        return try FigureResult(self, record: record, evaluation: evaluationPath)
    }

    /// Trains, going on where an earlier run stopped.
    ///
    /// - Returns: The seconds it took; nil if the user ended it.
    private func train() throws -> TrainingSeconds? {
        FileHandle.standardError.write(Data("\(name): training\n".utf8))
        let files = FileManager.default
        var arguments = trainArguments + threads
        let isResumed = files.fileExists(atPath: "\(directory).checkpoint")
        if isResumed {
            arguments.append("--resume")
        } else if files.fileExists(atPath: directory) {
            // Trained to the end, but ended before it was recorded.
            arguments.append("--force")
        }
        let start = TrainingSeconds.processor
        let outcome = try TrainCommand.parse(arguments).train()
        guard outcome.isFinished else { return nil }
        return TrainingSeconds(
            elapsed: outcome.members.reduce(0) { $0 + $1.trained.outcome.history.seconds },
            processor: isResumed ? nil : TrainingSeconds.processor - start
        )
    }
}

/// What training took.
struct TrainingSeconds {
    /// Seconds on the clock.
    let elapsed: Double
    /// Seconds of all processors together, simulations included, which other work on the machine
    /// hardly changes; nil where a part of the training was done by an earlier process.
    let processor: Double?

    /// The seconds all processors have worked for this process.
    ///
    /// POSIX sets CLOCKS_PER_SEC to a million.
    static var processor: Double { Double(clock()) / 1e6 }

    /// These seconds over those of another training, by processors if both have them.
    func ratio(to other: TrainingSeconds) -> Double {
        guard let processor, let otherProcessor = other.processor else {
            return elapsed / other.elapsed
        }
        return processor / otherProcessor
    }
}

/// What is kept of a run beside its model.
struct FigureRecord {
    /// The arguments of `train`.
    let train: [String]
    /// What training took.
    let seconds: TrainingSeconds
    /// The arguments of `evaluate`, once it is done.
    var evaluate: [String]?

    /// Makes a record.
    init(train: [String], seconds: TrainingSeconds, evaluate: [String]?) {
        self.train = train
        self.seconds = seconds
        self.evaluate = evaluate
    }

    /// Reads a record, if there is one.
    init?(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do {
            let fields = try JSONField(JSONDocument(parsing: [UInt8](data)).root, path: "").object()
            train = try fields.required("train", expected: "a list of strings").strings()
            seconds = TrainingSeconds(
                elapsed: try fields.required("training_seconds", expected: "a number").double(),
                processor: try fields.optional("processor_seconds")?.double()
            )
            evaluate = try fields.optional("evaluate")?.strings()
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
    }

    /// The record as a JSON document.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("train")
        writer.strings(train)
        writer.key("training_seconds")
        writer.number(seconds.elapsed)
        if let processor = seconds.processor {
            writer.key("processor_seconds")
            writer.number(processor)
        }
        if let evaluate {
            writer.key("evaluate")
            writer.strings(evaluate)
        }
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }
}

/// What a run of figure 5 found.
struct FigureResult {
    /// What was found at one radius.
    struct Level {
        let epsilon: Double
        let median: Double
        let mean: Double
        let noiseMedian: Double
        let area: Double
    }

    let task: String
    let estimator: EstimatorFamily
    let defense: FigureDefense
    let seconds: TrainingSeconds
    let nll: Double
    let cleanArea: Double
    let levels: [Level]
    /// The names of the checks of the attack that failed.
    let failedChecks: [String]

    /// Reads the evaluation of a run.
    init(_ run: FigureRun, record: FigureRecord, evaluation path: String) throws {
        task = run.task.name
        estimator = run.estimator
        defense = run.defense
        seconds = record.seconds
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        do {
            let root = try JSONField(JSONDocument(parsing: bytes).root, path: "")
            nll = try root.number("nll", "mean")
            cleanArea = try root.number("coverage", "signed_area")
            levels = try root.member("levels").elements().map { level in
                Level(
                    epsilon: try level.number("epsilon"),
                    median: try level.number("attack", "kl_attacked_clean", "median"),
                    mean: try level.number("attack", "kl_attacked_clean", "mean"),
                    noiseMedian: try level.number("noise", "kl_attacked_clean", "median"),
                    area: try level.number("attack", "coverage", "signed_area")
                )
            }
            failedChecks = try root.member("masking_checks").elements().compactMap { check in
                try check.member("passed").boolean() ? nil : check.member("check").string()
            }
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
    }

    /// What was found at a radius.
    func level(_ epsilon: Double) -> Level? { levels.first { abs($0.epsilon - epsilon) < 1e-9 } }
}

extension JSONField {
    /// A member of an object.
    fileprivate func member(_ name: String) throws(JSONFieldError) -> JSONField {
        try object().required(name, expected: "a value")
    }

    /// A number some members down; NaN where nothing could be measured.
    fileprivate func number(_ names: String...) throws(JSONFieldError) -> Double {
        var field = self
        for name in names { field = try field.member(name) }
        return field.value.kind == .null ? .nan : try field.double()
    }
}
