import Distributions
import Estimators
import Foundation
import Kernels
import Simulators
import Synchronization
import Training

/// A density estimator whose loss and gradient can be written down: q(θ | x) = N(W x + b, e²ˢ).
///
/// Parameters are W `[D, L]`, b `[D]` and s `[D]`. The sums run over tiles of 32 rows in several
/// threads and are added in the order of the tiles.
struct LinearRegressionEstimator: TrainableDensityEstimator {
    let thetaDim: Int
    let xDim: Int
    /// Gives a NaN for the loss of this row, if set.
    var brokenRow: Int?
    /// Gives a NaN for this slope, if set.
    var brokenSlope: Int?

    var parameterCount: Int { thetaDim * (xDim + 2) }

    func initialParameters(seed: UInt64) -> [Float] {
        var stream = RandomStream(seed: seed)
        return (0..<parameterCount).map { _ in Float(0.1 * stream.normal()) }
    }

    func lossAndGradient(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int,
        gradient: inout [Float]
    ) -> Double {
        let tiles = stride(from: rows.startIndex, to: rows.endIndex, by: 32).map {
            rows[$0..<min($0 + 32, rows.endIndex)]
        }
        let sums = Mutex<[Int: (Double, [Double])]>([:])
        ParallelTiles.run(count: tiles.count, workers: workers) { tile in
            var slopes = Array(repeating: 0.0, count: parameterCount)
            var loss = 0.0
            for row in tiles[tile] {
                loss += add(row, parameters: parameters, theta: theta, x: x, slopes: &slopes)
            }
            let sum = (loss, slopes)
            sums.withLock { $0[tile] = sum }
        }
        var loss = 0.0
        var slopes = Array(repeating: 0.0, count: parameterCount)
        for tile in tiles.indices {
            guard let sum = sums.withLock({ $0[tile] }) else { continue }
            loss += sum.0
            for index in slopes.indices { slopes[index] += sum.1[index] }
        }
        gradient = slopes.map { Float($0 / Double(rows.count)) }
        if let brokenSlope { gradient[brokenSlope] = .nan }
        return loss
    }

    func losses(
        parameters: [Float],
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int
    ) -> [Float] {
        var slopes = Array(repeating: 0.0, count: parameterCount)
        return rows.map { row in
            Float(add(row, parameters: parameters, theta: theta, x: x, slopes: &slopes))
        }
    }

    func posterior(parameters: [Float]) throws(EstimatorError) -> Posterior {
        throw .invalidArchitecture("the linear regression serves no posterior")
    }

    /// The loss of a row; adds its slopes.
    private func add(
        _ row: Int,
        parameters: [Float],
        theta: [Float],
        x: [Float],
        slopes: inout [Double]
    ) -> Double {
        if row == brokenRow { return .nan }
        var loss = 0.0
        for index in 0..<thetaDim {
            var mean = Double(parameters[thetaDim * xDim + index])
            for column in 0..<xDim {
                mean += Double(parameters[index * xDim + column] * x[row * xDim + column])
            }
            let logDeviation = Double(parameters[thetaDim * (xDim + 1) + index])
            let precision = exp(-2 * logDeviation)
            let error = Double(theta[row * thetaDim + index]) - mean
            loss += 0.5 * error * error * precision + logDeviation + 0.5 * log(2 * Double.pi)
            for column in 0..<xDim {
                slopes[index * xDim + column] -=
                    error * precision * Double(x[row * xDim + column])
            }
            slopes[thetaDim * xDim + index] -= error * precision
            slopes[thetaDim * (xDim + 1) + index] += 1 - error * error * precision
        }
        return loss
    }
}

/// Simulations of the linear Gaussian task and the estimator that can fit them exactly.
struct RegressionProblem {
    let data: SimulationSet
    let split: DataSplit
    var estimator = LinearRegressionEstimator(thetaDim: 10, xDim: 10)
    var configuration: TrainingConfiguration

    init(rows: Int = 2000, epochs: Int = 6) throws {
        let task = BenchmarkTask.linearGaussian
        data = try SimulationSet(
            try task.simulate(rows: 0..<rows, seed: 61),
            prior: task.prior
        )
        split = DataSplit(count: rows, validationFraction: 0.1, seed: 62)
        configuration = TrainingConfiguration(seed: 62)
        configuration.batchSize = 100
        configuration.learningRate = 0.02
        configuration.epochs = epochs
        configuration.averageDecay = 0.9
    }

    /// Fits the estimator.
    func fit(
        workers: Int = 1,
        checkpoint: CheckpointFile? = nil,
        timeLimit: Duration? = nil,
        label: String = "linear regression",
        isCancelled: () -> Bool = { false },
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws(TrainingError) -> TrainingOutcome {
        try Trainer(configuration: configuration, workers: workers, timeLimit: timeLimit).fit(
            estimator,
            to: data,
            split: split,
            label: label,
            checkpoint: checkpoint,
            isCancelled: isCancelled,
            progress: progress
        )
    }
}

/// A folder that is removed with its last reference.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "training-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path inside the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }
}
