import ArgumentParser
import Distributions
import Foundation
import ModelStore
import SimulationFiles
import Simulators
import StrictJSON
import Training

/// What a run trains on, and how its model describes it.
struct TrainingData {
    /// The pairs.
    let set: SimulationSet
    /// A sentence about the model, if there is one to say.
    let summary: String?
    /// Names and units of the parameters.
    let theta: VariableDescription
    /// Shape, names and units of x.
    let x: VariableDescription
    /// The task the simulations came from, if they came from one.
    let task: BenchmarkTask?
    /// How many simulations there were before any was left out.
    let simulations: Int

    /// The digest of simulations from files, for the model file.
    var digest: String? {
        guard task == nil else { return nil }
        let digits = String(set.digest, radix: 16)
        return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Draws simulations of a task.
    init(task: BenchmarkTask, simulations: Int, seed: UInt64, threads: Int) throws {
        let rows = try task.simulate(rows: 0..<simulations, seed: seed, workers: threads)
        set = try SimulationSet(rows, prior: task.prior)
        summary = task.summary
        theta = VariableDescription(names: task.thetaNames)
        x = VariableDescription(names: task.xNames)
        self.task = task
        self.simulations = simulations
    }

    /// Opens the simulations that flags name.
    ///
    /// - Parameters:
    ///   - options: The flags.
    ///   - hasTrials: Whether x is a set of trials, the first axis, of which some may be NaN.
    ///   - validationFraction: The part that will be held out.
    ///   - scratchDirectory: Where data may be expanded that cannot be read in place.
    ///   - threads: How many threads may take part.
    /// - Throws: What is wrong with the files, the prior, the names, or the rows.
    init(
        _ options: DataOptions,
        hasTrials: Bool,
        validationFraction: Double,
        scratchDirectory: String,
        threads: Int
    ) throws {
        func open(_ paths: [String]) throws -> SimulationTable {
            try SimulationTable(
                paths: paths,
                thetaNames: options.thetaNames?.names,
                xNames: options.xNames?.names,
                scratchDirectory: scratchDirectory
            )
        }
        var table = try open(options.data)
        let trainingRows = table.count
        if !options.validation.isEmpty { table = try table.appending(open(options.validation)) }
        theta = try Self.description(
            "theta",
            shape: [table.thetaDim],
            names: options.thetaNames?.names ?? table.thetaNames
                ?? (1...table.thetaDim).map { "theta_\($0)" },
            units: options.thetaUnits?.names
        )
        x = try Self.description(
            "x",
            shape: Self.xShape(try options.shape(), of: table),
            names: options.xNames?.names ?? table.xNames,
            units: options.xUnits?.names
        )
        let prior: DistributionDescription
        if let path = options.prior {
            prior = try Self.prior(path)
        } else {
            prior = try (options.fitPrior ?? .box).prior(of: table, rows: trainingRows)
        }
        var policy = RowPolicy()
        policy.dropsInvalidRows = options.dropInvalid
        policy.allowsConstantX = options.allowConstant
        if hasTrials {
            let width = x.shape.dropFirst().reduce(1, *)
            policy.acceptsMissing = { Self.hasWholeTrials($0, width: width) }
        }
        set = try SimulationSet(
            table,
            heldOut: table.count - trainingRows,
            prior: prior,
            policy: policy,
            thetaNames: theta.names,
            xNames: x.names,
            workers: threads
        )
        summary = nil
        task = nil
        simulations = table.count
        let needed = Int((1 / validationFraction).rounded(.up))
        guard set.heldOutCount != nil || set.count >= max(needed, 2) else {
            throw TrainingError.data(
                .tooFewRows(usable: set.count, dropped: set.refusedCount, needed: max(needed, 2))
            )
        }
    }

    /// Whether every trial of an x is there or all NaN, and one is there.
    private static func hasWholeTrials(_ x: ArraySlice<Float>, width: Int) -> Bool {
        var hasTrial = false
        for start in stride(from: x.startIndex, to: x.endIndex, by: width) {
            let missing = x[start..<(start + width)].count { $0.isNaN }
            guard missing == 0 || missing == width else { return false }
            if missing == 0 { hasTrial = true }
        }
        return hasTrial
    }

    /// An observation to try the model with, `[L]`: the task's, or the first that judges.
    func exampleObservation(_ configuration: TrainingConfiguration) throws -> [Float] {
        if let task { return try task.exampleObservation() }
        let split = set.split(
            validationFraction: configuration.validationFraction,
            seed: configuration.seed
        )
        return try set.x(ofRow: split.validation[0])
    }

    private static func description(
        _ variable: String,
        shape: [Int],
        names: [String]?,
        units: [String]?
    ) throws -> VariableDescription {
        let count = shape.reduce(1, *)
        for (flag, list) in [("names", names), ("units", units)] {
            guard let list, list.count != count else { continue }
            throw CommandFailure(
                "--\(variable)-\(flag): expected \(count), one for each entry, found \(list.count)"
            )
        }
        if let names, Set(names).count < names.count || names.contains("") {
            throw CommandFailure("--\(variable)-names: the names must differ, and not be empty")
        }
        return VariableDescription(shape: shape, names: names, units: units)
    }

    private static func xShape(_ shape: [Int]?, of table: SimulationTable) throws -> [Int] {
        guard let shape else { return table.xShape }
        let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        guard count == table.xDim else {
            throw CommandFailure(
                """
                --x-shape \(shape.map(String.init).joined(separator: ",")): the files have \
                \(table.xDim) entries of x a row
                """
            )
        }
        return shape
    }

    /// Reads a prior file.
    private static func prior(_ path: String) throws -> DistributionDescription {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("--prior \(path): there is no such file")
        }
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            let limit = 1 << 24
            let bytes = [UInt8](try file.read(upToCount: limit) ?? Data())
            guard bytes.count < limit else {
                throw CommandFailure("--prior \(path): the file is too large")
            }
            let root = try JSONDocument(parsing: bytes).root
            return try DistributionDescription(JSONField(root, path: ""))
        } catch let error as CommandFailure {
            throw error
        } catch let error as CocoaError {
            throw CommandFailure("--prior \(path): \(error.localizedDescription)")
        } catch {
            throw CommandFailure("--prior \(path): \(error)")
        }
    }
}
