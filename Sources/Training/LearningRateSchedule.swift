#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The learning rate of each step: a linear warm-up, then half a cosine down to zero.
///
///     α (t + 1) / W                     for t < W
///     α ½ (1 + cos π (t − W) / (T − W))  for W ≤ t < T
///
/// *Reference*: Loshchilov, Hutter (2017), SGDR: Stochastic Gradient Descent with Warm Restarts,
/// arXiv:1608.03983.
package struct LearningRateSchedule: Sendable, Equatable {
    /// α, the highest rate.
    let peak: Double
    /// W, the number of steps of the warm-up.
    let warmUpSteps: Int
    /// T, the number of steps of the run.
    let totalSteps: Int

    /// Makes a schedule; the warm-up takes at most a tenth of the steps.
    package init(peak: Double, warmUpSteps: Int, totalSteps: Int) {
        self.peak = peak
        self.warmUpSteps = min(warmUpSteps, totalSteps / 10)
        self.totalSteps = totalSteps
    }

    /// The rate of a step, counted from 0.
    package func rate(atStep step: Int) -> Double {
        if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
        let progress = Double(step - warmUpSteps) / Double(totalSteps - warmUpSteps)
        return peak * 0.5 * (1 + cos(Double.pi * min(progress, 1)))
    }
}
