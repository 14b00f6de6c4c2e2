package import Estimators
import Synchronization

/// The acceptance rates of a truncated model's observations, as far as they are remembered.
///
/// A rate is a function of model and observation alone, and measuring it costs ten thousand
/// draws. Rates are kept by the bits of the observation, in two generations: when the younger is
/// full, it takes the place of the older, so that what was asked for lately is still there.
package final class AcceptanceRates: Sendable {
    private struct Generations {
        var young: [[UInt32]: AcceptanceRate] = [:]
        var old: [[UInt32]: AcceptanceRate] = [:]
    }

    private let posterior: Posterior
    /// The most rates of a generation.
    private let limit: Int
    private let generations = Mutex(Generations())

    /// Makes an empty memory of a model's rates.
    ///
    /// - Parameters:
    ///   - posterior: The model.
    ///   - mostRates: The most rates that are kept.
    ///   - mostNumbers: The most numbers of observations that are kept, 16 MiB of them; two
    ///     observations are in any case.
    package init(of posterior: Posterior, mostRates: Int = 4096, mostNumbers: Int = 1 << 22) {
        self.posterior = posterior
        limit = max(min(mostRates, mostNumbers / posterior.xDim) / 2, 1)
    }

    /// How many rates are kept.
    package var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    /// The rate given x `[L]`, remembered or measured.
    package func rate(given x: [Float], workers: Int) -> AcceptanceRate {
        let key = x.map(\.bitPattern)
        if let known = generations.withLock({ $0.young[key] ?? $0.old[key] }) { return known }
        // Others may measure the same meanwhile, and find the same.
        let rate = posterior.acceptanceRate(given: x, workers: workers)
        generations.withLock { generations in
            if generations.young.count >= limit {
                generations.old = generations.young
                generations.young = [:]
            }
            generations.young[key] = rate
        }
        return rate
    }
}
