import Estimators
import Kernels

/// An attack's objective at attacked contexts: its gradient for steps, its value for judgement.
///
/// Rows are searches; each belongs to an observation and has a clean context of its own.
struct ObjectiveGradient {
    let sensitivity: PosteriorSensitivity
    let objective: ResolvedObjective
    /// Contexts of the clean observations, `[R, C]`.
    let clean: [Float]
    /// What becomes of the score.
    let estimator: Attack.Gradient
    let workers: Int

    /// An objective with what it needs for each row.
    enum ResolvedObjective {
        case klCleanAttacked
        case klAttackedClean
        case mmd
        /// u, `[R, D]`.
        case nll(u: [Float])
        /// Contexts of the targets, `[R, C]`.
        case target(contexts: [Float])
    }

    private var thetaDim: Int { sensitivity.thetaDim }
    private var contextDim: Int { sensitivity.contextDim }

    /// The gradient by the attacked contexts `[R, C]`, estimated from draws.
    ///
    /// - Parameters:
    ///   - attacked: `[R, C]`.
    ///   - draws: Draws of each row, M.
    ///   - keys: Their noise, `[R]`.
    /// - Returns: `[R, C]`.
    func gradient(at attacked: [Float], draws: Int, keys: [NoiseKey]) -> [Float] {
        switch objective {
        case .klCleanAttacked:
            return meanScore(at: attacked, from: clean, draws: draws, keys: keys, sign: -1)
        case .target(let contexts):
            return meanScore(at: attacked, from: contexts, draws: draws, keys: keys, sign: 1)
        case .nll(let u):
            let rows = sensitivity.scores(u, given: attacked, workers: workers)
            return mean(rows, draws: 1, stride: 1 + contextDim, sign: -1)
        case .klAttackedClean:
            guard sensitivity.hasPathDerivative else {
                return scoreFunction(at: attacked, draws: max(draws, 2), keys: keys) {
                    logRatios(at: attacked, draws: max(draws, 2), keys: keys)
                }
            }
            let rows = sensitivity.divergences(
                count: draws,
                of: attacked,
                from: clean,
                keys: keys,
                keepsScore: estimator == .published,
                workers: workers
            )
            return mean(rows, draws: draws, stride: 1 + contextDim, sign: 1)
        case .mmd:
            return discrepancyGradient(at: attacked, draws: draws + draws % 2, keys: keys)
        }
    }

    /// The value at attacked contexts `[R, C]`.
    func values(at attacked: [Float], draws: Int, keys: [NoiseKey]) -> [MonteCarloEstimate] {
        let divergence = KullbackLeibler(sensitivity: sensitivity, draws: draws, workers: workers)
        switch objective {
        case .klCleanAttacked: return divergence.estimates(of: clean, from: attacked, keys: keys)
        case .klAttackedClean: return divergence.estimates(of: attacked, from: clean, keys: keys)
        case .target(let contexts):
            return divergence.estimates(of: contexts, from: attacked, keys: keys).map {
                MonteCarloEstimate(mean: -$0.mean, standardError: $0.standardError)
            }
        case .nll(let u):
            return sensitivity.logProb(u, given: attacked, workers: workers).map {
                MonteCarloEstimate(mean: -Double($0), standardError: 0)
            }
        case .mmd:
            let count = draws + draws % 2
            let first = sensitivity.draws(
                count: count,
                given: attacked,
                keys: keys,
                workers: workers
            )
            let second = sensitivity.draws(count: count, given: clean, keys: keys, workers: workers)
            let width = count * thetaDim
            return keys.indices.map { row in
                let part = (row * width)..<((row + 1) * width)
                return MaximumMeanDiscrepancy.squared(
                    Array(first[part]),
                    Array(second[part]),
                    dimension: thetaDim
                )
            }
        }
    }

    /// The mean over draws from other contexts of ∂ log q(u | attacked).
    ///
    /// Less the score at those contexts, unless it is to stay: near them nearly nothing is left to
    /// chance then.
    private func meanScore(
        at attacked: [Float],
        from contexts: [Float],
        draws: Int,
        keys: [NoiseKey],
        sign: Float
    ) -> [Float] {
        let stride = thetaDim + contextDim
        let own = sensitivity.drawsWithScores(
            count: draws,
            given: contexts,
            keys: keys,
            workers: workers
        )
        var u: [Float] = []
        u.reserveCapacity(own.count / stride * thetaDim)
        for start in Swift.stride(from: 0, to: own.count, by: stride) {
            u += own[start..<(start + thetaDim)]
        }
        let rows = sensitivity.scores(u, given: attacked, workers: workers)
        let slopes = mean(rows, draws: draws, stride: 1 + contextDim, sign: sign)
        guard estimator == .withoutScore else { return slopes }
        let chance = mean(own, draws: draws, stride: stride, sign: sign)
        return zip(slopes, chance).map { $0 - $1 }
    }

    /// The mean over draws of the last C numbers of the rows of a table `[R, M, stride]`.
    private func mean(_ rows: [Float], draws: Int, stride: Int, sign: Float) -> [Float] {
        let count = rows.count / (draws * stride)
        let contextDim = contextDim
        var result = [Float](repeating: 0, count: count * contextDim)
        for row in 0..<count {
            for draw in 0..<draws {
                let start = (row * draws + draw + 1) * stride - contextDim
                for place in 0..<contextDim {
                    result[row * contextDim + place] += rows[start + place]
                }
            }
        }
        let scale = sign / Float(draws)
        for place in result.indices { result[place] *= scale }
        return result
    }

    /// log q(u | attacked) − log q(u | clean) at draws u from the attacked posterior, `[R][M]`.
    private func logRatios(at attacked: [Float], draws: Int, keys: [NoiseKey]) -> [[Double]] {
        KullbackLeibler(sensitivity: sensitivity, draws: draws, workers: workers)
            .values(of: attacked, from: clean, keys: keys)
    }

    /// ∂/∂c of the mean of f over draws from q(· | c), without a path: the mean of (f − baseline)
    /// ∂ log q, the baseline of a draw being the mean of f over the others.
    ///
    /// *Reference*: Williams (1992), Simple Statistical Gradient-Following Algorithms, Machine
    /// Learning 8; Kool, van Hoof, Welling (2019), Buy 4 REINFORCE Samples, Get a Baseline for Free.
    private func scoreFunction(
        at attacked: [Float],
        draws: Int,
        keys: [NoiseKey],
        values: () -> [[Double]]
    ) -> [Float] {
        let u = sensitivity.draws(count: draws, given: attacked, keys: keys, workers: workers)
        let rows = sensitivity.scores(u, given: attacked, workers: workers)
        let values = values()
        var weighted = rows
        let stride = 1 + contextDim
        for row in keys.indices {
            let total = values[row].reduce(0, +)
            for draw in 0..<draws {
                let others = (total - values[row][draw]) / Double(draws - 1)
                let weight = Float(values[row][draw] - others)
                let start = (row * draws + draw) * stride
                for place in start..<(start + stride) { weighted[place] *= weight }
            }
        }
        return mean(weighted, draws: draws, stride: stride, sign: 1)
    }

    /// A key whose noise is independent of another's.
    private func independent(_ key: NoiseKey) -> NoiseKey {
        NoiseKey(seed: UInt64(key.words[1]) << 32 | UInt64(key.words[0]), observation: [1])
    }

    /// The gradient of the discrepancy: along the path of the draws where they have one.
    private func discrepancyGradient(
        at attacked: [Float],
        draws: Int,
        keys: [NoiseKey]
    ) -> [Float] {
        let first = sensitivity.draws(count: draws, given: attacked, keys: keys, workers: workers)
        // Score functions differentiate with the other sample held fixed: it must not follow the
        // noise of the first, as it may along a path.
        let second = sensitivity.draws(
            count: draws,
            given: clean,
            keys: sensitivity.isOneStratum ? keys : keys.map(independent),
            workers: workers
        )
        // Pairs do not cross rows: each row has an even number of draws.
        let terms = MaximumMeanDiscrepancy.pairTerms(first, second, dimension: thetaDim)
        guard sensitivity.isOneStratum else {
            return scoreFunction(at: attacked, draws: draws, keys: keys) {
                keys.indices.map { row in
                    (0..<draws).map { terms[(row * draws + $0) / 2].value }
                }
            }
        }
        let cotangents = terms.flatMap { $0.gradient.map { Float(2 * $0) } }
        let rows = sensitivity.drawPullback(
            cotangents,
            given: attacked,
            keys: keys,
            workers: workers
        )
        return mean(rows, draws: draws, stride: contextDim, sign: 1)
    }
}
