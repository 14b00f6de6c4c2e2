import Estimators

/// The draws of a request, made a slice at a time, so that no more than a slice is ever held.
///
/// A draw depends on the observation, the seed and its index alone: slices join to the bits that
/// one go would have made.
struct DrawSource: Sendable {
    let model: ModelCatalog.Entry
    /// `[B, L]`.
    let x: [Float]
    let seed: UInt64
    /// S, the draws of each observation.
    let count: Int

    /// Numbers that are drawn at once.
    private static let sliceNumbers = 8192
    /// Draws of each observation that are looked at before an answer begins.
    private static let probedDraws = 32

    /// B.
    var observations: Int { x.count / model.posterior.xDim }

    /// How many draws are made at once.
    var sliceDraws: Int { max(Self.sliceNumbers / model.posterior.thetaDim, 1) }

    /// Draws of one observation.
    func draws(
        of observation: Int,
        _ range: Range<Int>,
        withLogProb: Bool
    ) -> PosteriorSamples {
        let xDim = model.posterior.xDim
        return model.posterior.sample(
            count: range.count,
            given: Array(x[observation * xDim..<(observation + 1) * xDim]),
            seeds: [seed],
            first: range.lowerBound,
            withLogProb: withLogProb
        )
    }

    /// For each observation whether its first draws are finite, which tells those whose posterior
    /// the numbers of the estimator cannot hold.
    func areFinite(workers: Int) -> [Bool] {
        let probed = min(count, Self.probedDraws)
        let size = probed * model.posterior.thetaDim
        guard observations > 0 else { return [] }
        let draws = model.posterior.sample(
            count: probed,
            given: x,
            seed: seed,
            workers: workers
        )
        return (0..<observations).map { place in
            draws.theta[place * size..<(place + 1) * size].allSatisfy(\.isFinite)
        }
    }
}
