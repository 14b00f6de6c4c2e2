#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The batch size of each epoch: constant, or growing by an equal factor from epoch to epoch.
///
///     Bₑ = round(B₀ (B₁ / B₀)^(e / (E − 1))),  e = 0 … E − 1
///
/// Larger batches late in a run quiet the noise of the gradient as a smaller learning rate does,
/// in fewer steps. The last size is reached in the last of the E epochs, so a run that patience
/// ends early may not come to it.
///
/// *Reference*: Smith, Kindermans, Ying, Le (2018), Don't Decay the Learning Rate, Increase the
/// Batch Size, arXiv:1711.00489.
package struct BatchSizeSchedule: Sendable, Equatable {
    /// The batch size of each epoch.
    private let sizes: [Int]
    /// The number of steps before each epoch, and in all.
    private let firstSteps: [Int]

    /// Makes a schedule; no batch is larger than the number of training rows.
    ///
    /// - Parameters:
    ///   - first: B₀.
    ///   - last: B₁.
    ///   - epochs: E.
    ///   - rows: The number of training rows; those beyond whole batches wait for another epoch.
    package init(first: Int, last: Int, epochs: Int, rows: Int) {
        precondition(first > 0 && last > 0 && epochs > 0 && rows > 0, "an empty schedule")
        let ratio = Double(last) / Double(first)
        let sizes = (0..<epochs).map { epoch in
            let progress = epochs > 1 ? Double(epoch) / Double(epochs - 1) : 0
            return Int(min((Double(first) * pow(ratio, progress)).rounded(), Double(rows)))
        }
        self.sizes = sizes
        firstSteps = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + rows / $1) }
    }

    /// Rows of a step in an epoch, counted from 1.
    package func batchSize(inEpoch epoch: Int) -> Int { sizes[epoch - 1] }

    /// Steps of an epoch, counted from 1.
    package func steps(inEpoch epoch: Int) -> Int { firstSteps[epoch] - firstSteps[epoch - 1] }

    /// Steps of the epochs before one, counted from 1.
    package func steps(beforeEpoch epoch: Int) -> Int { firstSteps[epoch - 1] }

    /// Steps of the whole run.
    package var totalSteps: Int { firstSteps[firstSteps.count - 1] }
}
