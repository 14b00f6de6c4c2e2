#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What becomes of the learning rate after its warm-up.
public enum LearningRateDecay: Sendable, Equatable {
    /// Half a cosine down to zero at the end of the last epoch.
    case cosine
    /// Times `factor`, below 1, whenever `patience` epochs in a row brought no lower validation
    /// loss.
    case plateau(factor: Double, patience: Int)
    /// It stays.
    case constant

    /// The name of the case, as a model file says it.
    public var name: String {
        switch self {
        case .cosine: "cosine"
        case .plateau: "plateau"
        case .constant: "constant"
        }
    }
}

/// The learning rate of each step: a linear warm-up, then the decay.
///
///     α (t + 1) / W                     for t < W
///     α ½ (1 + cos π (t − W) / (T − W))  for W ≤ t < T, cosine
///     α fⁿ                              for W ≤ t, on the n-th plateau
///     α                                 for W ≤ t, constant
///
/// *Reference*: Loshchilov, Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts,
/// arXiv:1608.03983. Plateaus are those of PyTorch's `ReduceLROnPlateau` with a threshold of 0 and
/// a patience smaller by one, since there the reduction waits for one more epoch.
package struct LearningRateSchedule: Sendable, Equatable {
    /// α, the highest rate.
    let peak: Double
    /// W, the number of steps of the warm-up.
    let warmUpSteps: Int
    /// T, the number of steps of the run.
    let totalSteps: Int
    /// What comes after the warm-up.
    let decay: LearningRateDecay

    /// Makes a schedule; the warm-up takes at most a tenth of the steps.
    package init(
        peak: Double,
        warmUpSteps: Int,
        totalSteps: Int,
        decay: LearningRateDecay = .cosine
    ) {
        self.peak = peak
        self.warmUpSteps = min(warmUpSteps, totalSteps / 10)
        self.totalSteps = totalSteps
        self.decay = decay
    }

    /// The rate of a step, counted from 0, on the n-th plateau.
    package func rate(atStep step: Int, plateau: Int = 0) -> Double {
        if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
        switch decay {
        case .cosine:
            let progress = Double(step - warmUpSteps) / Double(totalSteps - warmUpSteps)
            return peak * 0.5 * (1 + cos(Double.pi * min(progress, 1)))
        case .plateau(let factor, _):
            return peak * pow(factor, Double(plateau))
        case .constant:
            return peak
        }
    }

    /// n, the number of plateaus in the validation losses of the epochs so far.
    ///
    /// A function of the losses alone, so a run that is resumed needs nothing more than them.
    package func plateaus(in losses: [Double]) -> Int {
        guard case .plateau(_, let patience) = decay else { return 0 }
        var lowest = Double.infinity
        var waited = 0
        var count = 0
        for loss in losses {
            waited = loss < lowest ? 0 : waited + 1
            lowest = min(lowest, loss)
            if waited == patience {
                count += 1
                waited = 0
            }
        }
        return count
    }
}
