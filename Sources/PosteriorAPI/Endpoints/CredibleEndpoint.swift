import Estimators

/// `POST …/credible`: draw, compare densities, encode.
enum CredibleEndpoint {
    /// Draws whose densities are held at once.
    private static let drawsAtOnce = 1 << 18

    static func answer(
        _ request: CredibleRequest,
        model: ModelCatalog.Entry,
        deadline: ContinuousClock.Instant,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let queries = request.queries
        let seed = request.seed ?? SeedSource.shared.next()
        try ObservationList.throwIfAlone(queries.entries)
        let densities = queries.logProb(model.posterior, workers: workers)
        var entries: [Result<CredibleAnswer.Levels, APIError>] = densities.map { density in
            density.map { _ in CredibleAnswer.Levels() }
        }
        let usable = entries.indices.filter { index in
            if case .success = entries[index] { true } else { false }
        }
        let step = max(1, drawsAtOnce / request.count)
        for first in stride(from: 0, to: usable.count, by: step) {
            let chunk = usable[first..<min(first + step, usable.count)]
            guard ContinuousClock.now < deadline else {
                for index in chunk {
                    entries[index] = .failure(.timeLimit(path: queries.path(index)))
                }
                continue
            }
            let draws = densitiesOfDraws(of: chunk, queries, request.count, seed, model, workers)
            for (place, index) in chunk.enumerated() {
                guard case .success(let own) = densities[index] else { continue }
                let drawn = draws[place * request.count..<(place + 1) * request.count]
                // What a density on the whole space puts outside the prior is no draw from the
                // posterior.
                let inside = drawn.filter { $0 != -.infinity }.sorted()
                entries[index] =
                    !inside.isEmpty && inside.allSatisfy { $0 < .infinity }
                    ? .success(levels(of: own, among: inside))
                    : .failure(
                        .unanswerable(
                            path: queries.path(index),
                            reason:
                                "no draws of this observation's posterior are finite and inside the prior"
                        )
                    )
            }
        }
        try ObservationList.throwIfAlone(entries)
        return CredibleAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            entries: entries
        ).encoded()
    }

    /// The log densities at the draws of some observations, `[B, S]`.
    ///
    /// They are worked out from the draws as thetas are, in single precision, so that a theta that
    /// is a draw has the density of that draw.
    private static func densitiesOfDraws(
        of indices: ArraySlice<Int>,
        _ queries: ThetaQueries,
        _ count: Int,
        _ seed: UInt64,
        _ model: ModelCatalog.Entry,
        _ workers: Int
    ) -> [Float] {
        var x: [Float] = []
        for index in indices {
            if case .success(let query) = queries.entries[index] { x += queries.x[query.x] }
        }
        let draws = model.posterior.sample(count: count, given: x, seed: seed, workers: workers)
        return model.posterior.logProb(draws.theta, given: x, workers: workers)
    }

    /// The share of the draws with a higher density than each theta, and how sure it is.
    ///
    /// The standard error is the deviation of the Beta distribution with k + ½ and N − k + ½, the
    /// posterior of a share of which k in N were seen under Jeffreys' prior: about √(p(1−p)/N),
    /// yet not zero where all draws or none have a higher density.
    private static func levels(
        of densities: [Float],
        among sorted: [Float]
    ) -> CredibleAnswer.Levels {
        var levels = CredibleAnswer.Levels()
        let count = Double(sorted.count)
        for density in densities {
            guard density > -.infinity else {
                // Outside the prior, and so outside every region.
                levels.level.append(1)
                levels.standardError.append(0)
                continue
            }
            let higher = Double(sorted.count - sorted.firstIndex(above: density))
            let share = (higher + 0.5) / (count + 1)
            levels.level.append(Float(higher / count))
            levels.standardError.append(Float((share * (1 - share) / (count + 2)).squareRoot()))
        }
        return levels
    }
}

extension [Float] {
    /// Where the numbers above a bound begin in a rising list.
    fileprivate func firstIndex(above bound: Float) -> Int {
        var range = indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if self[middle] > bound {
                range = range.lowerBound..<middle
            } else {
                range = middle + 1..<range.upperBound
            }
        }
        return range.lowerBound
    }
}
