public import Estimators
import Foundation
import Kernels

/// Where the parameters that observations were made from lie in their posteriors.
public struct PosteriorRanks: Sendable, Equatable {
    /// ρ, the share of posterior draws with a higher density than θ*, `[N]`: the mass of the
    /// smallest credible region that holds θ*. 1 where the posterior gives no usable draw or θ* no
    /// density.
    public private(set) var density: [Double] = []
    /// The rank of each parameter of θ* among posterior draws, `[N, D]`, from 0 to 1; uniform if
    /// the posterior is exact.
    public private(set) var marginal: [Double] = []
    /// log q(θ* | x), `[N]`; a truncated posterior's is divided by its mass inside the prior.
    public private(set) var logProb: [Double] = []

    /// About so many draws are held at once.
    private static let drawsAtOnce = 1 << 16

    /// Ranks parameters among draws from the posteriors of observations.
    ///
    /// A row's result depends on the row, the weights, the seed and the number of draws alone.
    ///
    /// - Parameters:
    ///   - theta: θ*, `[N, D]`.
    ///   - posterior: The posterior.
    ///   - observations: x, `[N, L]`.
    ///   - draws: Draws from each posterior.
    ///   - seed: The seed of the draws.
    ///   - workers: How many threads may take part.
    ///   - isCancelled: Told the share of the rows that is done, from time to time; true ends it.
    /// - Throws: `AttackError.cancelled`.
    public init(
        of theta: [Float],
        in posterior: Posterior,
        given observations: [Float],
        draws: Int,
        seed: UInt64,
        workers: Int = 1,
        isCancelled: (_ fraction: Double) -> Bool = { _ in false }
    ) throws(AttackError) {
        let (thetaDim, xDim) = (posterior.thetaDim, posterior.xDim)
        let count = theta.count / thetaDim
        precondition(
            theta.count == count * thetaDim && observations.count == count * xDim && draws > 0,
            "\(theta.count) and \(observations.count) numbers in rows of \(thetaDim) and \(xDim)"
        )
        let chunk = max(1, Self.drawsAtOnce / draws)
        for first in stride(from: 0, to: count, by: chunk) {
            if isCancelled(Double(first) / Double(count)) { throw .cancelled }
            let end = min(first + chunk, count)
            let x = Array(observations[(first * xDim)..<(end * xDim)])
            let own = Array(theta[(first * thetaDim)..<(end * thetaDim)])
            let samples = posterior.sample(
                count: draws,
                given: x,
                seed: seed,
                withLogProb: true,
                workers: workers
            )
            let ownLogProb = posterior.logProb(own, given: x, workers: workers)
            guard let logProb = samples.logProb else { return }
            var isUsable = logProb.map { !$0.isNaN }
            if posterior.support == .truncated {
                for (place, isInside) in posterior.isInSupport(samples.theta).enumerated() {
                    if !isInside { isUsable[place] = false }
                }
            }
            for row in 0..<(end - first) {
                // Makes ranks of the finitely many draws uniform, where the posterior is exact.
                var stream = RandomStream(seed: seed, stream: UInt64(first + row))
                add(
                    Array(own[(row * thetaDim)..<((row + 1) * thetaDim)]),
                    ownLogProb: Double(ownLogProb[row]),
                    samples: samples.theta,
                    logProb: logProb,
                    draws: ((row * draws)..<((row + 1) * draws)).filter { isUsable[$0] },
                    of: draws,
                    isTruncated: posterior.support == .truncated,
                    using: &stream
                )
            }
        }
    }

    /// Ranks one row among some of the draws.
    private mutating func add(
        _ theta: [Float],
        ownLogProb: Double,
        samples: [Float],
        logProb: [Float],
        draws: [Int],
        of count: Int,
        isTruncated: Bool,
        using stream: inout RandomStream
    ) {
        let mass = isTruncated ? Double(draws.count) / Double(count) : 1
        self.logProb.append(ownLogProb - log(mass))
        let denser = draws.count { Double(logProb[$0]) > ownLogProb }
        let hasRank = !draws.isEmpty && !ownLogProb.isNaN
        density.append(hasRank ? Double(denser) / Double(draws.count) : 1)
        for (dimension, value) in theta.enumerated() {
            let below = draws.count { samples[$0 * theta.count + dimension] < value }
            let rank = (Double(below) + stream.uniform()) / Double(draws.count + 1)
            marginal.append(draws.isEmpty ? 0 : rank)
        }
    }
}
