public import Estimators
import Foundation
import Kernels
import Synchronization

/// Where the parameters that observations were made from lie in their posteriors.
public struct PosteriorRanks: Sendable, Equatable {
    /// ρ, the share of posterior draws with a higher density than θ*, `[N]`.
    ///
    /// It is the mass of the smallest credible region that holds θ*; 1 where the posterior gives
    /// no usable draw or θ* no density.
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
                let isInside = posterior.isInSupport(samples.theta)
                for place in isInside.indices where !isInside[place] { isUsable[place] = false }
            }
            let table = RankTable(
                theta: own,
                thetaLogProb: ownLogProb,
                draws: samples.theta,
                drawLogProb: logProb,
                isUsable: isUsable,
                isTruncated: posterior.support == .truncated
            )
            let found = Mutex([[Double]](repeating: [], count: end - first))
            ParallelTiles.run(count: end - first, workers: workers) { row in
                // Makes ranks of the finitely many draws uniform, where the posterior is exact.
                var stream = RandomStream(seed: seed, stream: UInt64(first + row))
                let ranks = table.ranks(row, using: &stream)
                found.withLock { $0[row] = ranks }
            }
            for ranks in found.withLock({ $0 }) {
                marginal += ranks[..<thetaDim]
                density.append(ranks[thetaDim])
                self.logProb.append(ranks[thetaDim + 1])
            }
        }
    }
}

/// Some rows of theta and the draws they are ranked among.
private struct RankTable: Sendable {
    /// θ*, `[B, D]`.
    let theta: [Float]
    /// log q(θ* | x), `[B]`.
    let thetaLogProb: [Float]
    /// `[B, S, D]`.
    let draws: [Float]
    /// `[B, S]`.
    let drawLogProb: [Float]
    /// Whether a draw lies inside the prior and has a density, `[B, S]`.
    let isUsable: [Bool]
    /// Whether the posterior is truncated.
    let isTruncated: Bool

    /// The ranks of a row's parameters, ρ, and log q(θ* | x), `[D + 2]`.
    func ranks(_ row: Int, using stream: inout RandomStream) -> [Double] {
        let thetaDim = theta.count / thetaLogProb.count
        let perRow = isUsable.count / thetaLogProb.count
        let own = Double(thetaLogProb[row])
        var below = [Int](repeating: 0, count: thetaDim)
        var denser = 0
        var usable = 0
        for draw in (row * perRow)..<((row + 1) * perRow) where isUsable[draw] {
            usable += 1
            if Double(drawLogProb[draw]) > own { denser += 1 }
            for dimension in 0..<thetaDim
            where draws[draw * thetaDim + dimension] < theta[row * thetaDim + dimension] {
                below[dimension] += 1
            }
        }
        var ranks = below.map { below in
            let rank = (Double(below) + stream.uniform()) / Double(usable + 1)
            return usable > 0 ? rank : 0
        }
        let hasRank = usable > 0 && !own.isNaN
        ranks.append(hasRank ? Double(denser) / Double(usable) : 1)
        let mass = isTruncated ? Double(usable) / Double(perRow) : 1
        ranks.append(own - log(mass))
        return ranks
    }
}
