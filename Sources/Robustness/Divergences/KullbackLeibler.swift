import Estimators
import Kernels

/// The Kullback–Leibler divergence between the posteriors of two observations.
///
///     KL(q(· | a) ‖ q(· | b)) = E over u ~ q(· | a) of log q(u | a) − log q(u | b)
///
/// Exact where the posterior is one normal, a mean over draws elsewhere. Divergences do not depend on
/// the coordinates of theta, so they are taken in unconstrained space.
///
/// *Reference*: Kullback and Leibler (1951), On Information and Sufficiency, eq. 2.4.
struct KullbackLeibler {
    let sensitivity: PosteriorSensitivity
    /// Draws from each first posterior.
    let draws: Int
    let workers: Int

    /// The divergence of each pair.
    ///
    /// - Parameters:
    ///   - first: Contexts of a, `[B, C]`.
    ///   - second: Contexts of b, `[B, C]`.
    ///   - keys: The noise of the draws, `[B]`.
    /// - Returns: `[B]`.
    func estimates(
        of first: [Float],
        from second: [Float],
        keys: [NoiseKey]
    ) -> [MonteCarloEstimate] {
        sensitivity.isNormal
            ? exact(of: first, from: second)
            : values(of: first, from: second, keys: keys).map { MonteCarloEstimate($0) }
    }

    /// The log density ratio at each draw, `[B][S]`.
    func values(of first: [Float], from second: [Float], keys: [NoiseKey]) -> [[Double]] {
        let dimension = sensitivity.thetaDim
        let rows = sensitivity.drawsWithLogProb(
            count: draws,
            given: first,
            keys: keys,
            workers: workers
        )
        var u: [Float] = []
        u.reserveCapacity(keys.count * draws * dimension)
        for row in 0..<(keys.count * draws) {
            let start = row * (dimension + 1)
            u += rows[start..<(start + dimension)]
        }
        let other = sensitivity.logProb(u, given: second, workers: workers)
        return keys.indices.map { index in
            (index * draws..<(index + 1) * draws).map { draw in
                Double(rows[draw * (dimension + 1) + dimension]) - Double(other[draw])
            }
        }
    }

    private func exact(of first: [Float], from second: [Float]) -> [MonteCarloEstimate] {
        let width = sensitivity.normalWidth
        let a = sensitivity.normals(given: first, workers: workers)
        let b = sensitivity.normals(given: second, workers: workers)
        return stride(from: 0, to: a.count, by: width).map { start in
            let own = a[start..<(start + width)]
            let other = b[start..<(start + width)]
            return MonteCarloEstimate(
                mean: NormalParameters(own, dimension: sensitivity.thetaDim)
                    .divergence(
                        from: NormalParameters(other, dimension: sensitivity.thetaDim)
                    ),
                standardError: 0
            )
        }
    }
}
