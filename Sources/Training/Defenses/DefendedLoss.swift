import Estimators
import Kernels

/// The loss a run minimises: that of the estimator, with what a defense makes of it.
///
/// A run is judged by the same loss on the held-out rows, with noise that stays the same from epoch
/// to epoch: by the plain loss, the least defended epoch would be the best.
package protocol DefendedLoss: Sendable {
    /// The sum of the loss over the rows of a step; overwrites `gradient` with that of the mean.
    ///
    /// - Throws: `DefenseFailure` when what the defense adds is not finite.
    func lossAndGradient(
        _ step: DefenseStep,
        memory: inout DefenseMemory,
        gradient: inout [Float]
    ) throws(DefenseFailure) -> Double

    /// The loss of each row of a step.
    func losses(_ step: DefenseStep) -> [Float]
}

/// The rows of a step, and what their noise is keyed by.
package struct DefenseStep {
    /// The weights.
    package var parameters: [Float]
    /// theta and x.
    package var batch: SimulationSet.Batch
    /// The places of the rows in the whole set.
    package var rows: ArraySlice<Int>
    /// The number of the step, from 0.
    package var number: Int
    /// How many threads may take part.
    package var workers: Int

    /// The number of the step in which held-out rows are judged.
    package static let judgement = Int(UInt32.max)

    /// Describes a step.
    package init(
        parameters: [Float],
        batch: SimulationSet.Batch,
        rows: ArraySlice<Int>,
        number: Int,
        workers: Int
    ) {
        self.parameters = parameters
        self.batch = batch
        self.rows = rows
        self.number = number
        self.workers = workers
    }

    /// The key of each of `repetitions` draws of some of the rows, row by row.
    ///
    /// - Parameters:
    ///   - seed: The seed of the defense.
    ///   - phase: Tells the draws of one step from each other.
    ///   - count: How many of the rows, from the first.
    ///   - repetitions: Draws of one row.
    /// - Returns: The keys.
    func keys(seed: UInt64, phase: Int, count: Int, repetitions: Int = 1) -> [NoiseKey] {
        rows.prefix(count).flatMap { row in
            (0..<repetitions).map { repetition in
                NoiseKey(
                    seed: seed,
                    place: SIMD4(
                        UInt32(truncatingIfNeeded: number),
                        UInt32(truncatingIfNeeded: row),
                        UInt32(truncatingIfNeeded: row >> 32),
                        UInt32(phase << 16 | repetition)
                    )
                )
            }
        }
    }

    /// x of the rows, `[rows, L]`.
    func x(xDim: Int) -> [Float] { gathered(batch.x, width: xDim) }

    /// theta of the rows, `[rows, D]`.
    func theta(thetaDim: Int) -> [Float] { gathered(batch.theta, width: thetaDim) }

    private func gathered(_ table: [Float], width: Int) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(batch.rows.count * width)
        for row in batch.rows { rows += table[row * width..<(row + 1) * width] }
        return rows
    }
}

/// What a defense carries from step to step; empty for one that carries nothing.
package struct DefenseMemory: Sendable, Equatable {
    /// The running average of the regulariser's gradient.
    package var average: [Float] = []
    /// How many gradients went into it.
    package var averagedSteps = 0
    /// What the power iteration goes on from, `[N, L]`; zeros where there is nothing yet.
    package var directions: [Float] = []

    /// Memory of nothing.
    package init() {}

    init(average: [Float], averagedSteps: Int, directions: [Float]) {
        self.average = average
        self.averagedSteps = averagedSteps
        self.directions = directions
    }

    /// Whether its directions, if there are any, are those of a set of this size.
    func fits(rows: Int, xDim: Int) -> Bool {
        averagedSteps >= 0 && (directions.isEmpty || directions.count == rows * xDim)
    }
}

/// What a defense added was not finite.
package enum DefenseFailure: Error, Equatable {
    /// The penalty of every row of the batch that was regularised.
    case penalty(row: Int)
    /// A slope of the penalty, though the penalties are finite.
    case slope(parameter: Int)
}

/// The loss without a defense.
struct PlainLoss: DefendedLoss {
    let estimator: any TrainableDensityEstimator

    func lossAndGradient(
        _ step: DefenseStep,
        memory: inout DefenseMemory,
        gradient: inout [Float]
    ) -> Double {
        estimator.lossAndGradient(
            parameters: step.parameters,
            theta: step.batch.theta,
            x: step.batch.x,
            rows: step.batch.rows,
            workers: step.workers,
            gradient: &gradient
        )
    }

    func losses(_ step: DefenseStep) -> [Float] {
        estimator.losses(
            parameters: step.parameters,
            theta: step.batch.theta,
            x: step.batch.x,
            rows: step.batch.rows,
            workers: step.workers
        )
    }
}

/// sum += factor · values.
func add(_ values: [Float], times factor: Float, to sum: inout [Float]) {
    precondition(values.count == sum.count)
    let values = values.span
    var sum = sum.mutableSpan
    for index in 0..<values.count { sum[index] += factor * values[index] }
}
