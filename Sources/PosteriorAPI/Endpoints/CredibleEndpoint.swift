import Estimators

/// `POST …/credible`: draw, compare densities, encode.
enum CredibleEndpoint {
    /// Draws between two looks at the clock, unless one observation takes more.
    private static let drawsAtOnce = 1 << 14

    /// The densities at the draws of one observation.
    private struct Draws {
        /// The log densities, in any order.
        var logProb: [Float]
        /// What share of the untruncated posterior lies inside the prior, if it is not all.
        var rate: AcceptanceRate?
    }

    static func answer(
        _ request: CredibleRequest,
        model: ModelCatalog.Entry,
        limits: ServiceLimits,
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
        let isTruncated = model.posterior.support == .truncated
        let step = isTruncated ? 1 : max(1, drawsAtOnce / request.count)
        for first in stride(from: 0, to: usable.count, by: step) {
            let chunk = usable[first..<min(first + step, usable.count)]
            guard ContinuousClock.now < deadline else {
                for index in chunk {
                    entries[index] = .failure(.timeLimit(path: queries.path(index)))
                }
                continue
            }
            let draws =
                isTruncated
                ? chunk.map { index in
                    truncatedDraws(
                        of: index,
                        request,
                        seed,
                        model,
                        mostProposals: limits.proposals(observations: usable.count),
                        deadline: deadline,
                        workers
                    )
                }
                : draws(of: chunk, queries, request.count, seed, model, workers)
            for (index, draws) in zip(chunk, draws) {
                guard case .success(let own) = densities[index] else { continue }
                entries[index] = draws.flatMap { draws in
                    levels(of: own, among: draws, path: queries.path(index))
                }
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

    /// The draws of some observations.
    ///
    /// Their densities are worked out from the draws as thetas are, in single precision, so that
    /// a theta that is a draw has the density of that draw.
    private static func draws(
        of indices: ArraySlice<Int>,
        _ queries: ThetaQueries,
        _ count: Int,
        _ seed: UInt64,
        _ model: ModelCatalog.Entry,
        _ workers: Int
    ) -> [Result<Draws, APIError>] {
        var x: [Float] = []
        for index in indices {
            if case .success(let query) = queries.entries[index] { x += queries.x[query.x] }
        }
        let draws = model.posterior.sample(count: count, given: x, seed: seed, workers: workers)
        let logProb = model.posterior.logProb(draws.theta, given: x, workers: workers)
        return indices.indices.map { place in
            let start = (place - indices.startIndex) * count
            return .success(Draws(logProb: Array(logProb[start..<start + count])))
        }
    }

    /// The draws of one observation that lie inside the prior, as many as were asked for or as
    /// came within the limits.
    private static func truncatedDraws(
        of index: Int,
        _ request: CredibleRequest,
        _ seed: UInt64,
        _ model: ModelCatalog.Entry,
        mostProposals: Int,
        deadline: ContinuousClock.Instant,
        _ workers: Int
    ) -> Result<Draws, APIError> {
        let path = request.queries.path(index)
        return request.queries.entries[index].flatMap { query in
            let x = Array(request.queries.x[query.x])
            let rate = model.acceptanceRates.rate(given: x, workers: workers)
            guard rate.accepted > 0 else { return .failure(.nothingAccepted(path: path, rate)) }
            let theta = model.posterior.truncatedSample(
                count: request.count,
                given: x,
                seed: seed,
                rate: rate,
                mostProposals: mostProposals,
                deadline: deadline,
                workers: workers
            ).theta
            guard !theta.isEmpty else { return .failure(.nothingAcceptedInTime(path: path)) }
            let logProb = model.posterior.logProb(theta, given: x, workers: workers)
            return .success(Draws(logProb: logProb, rate: rate))
        }
    }

    /// The share of the draws with a higher density than each theta, and how sure it is.
    ///
    /// The standard error is the deviation of the Beta distribution with k + ½ and N − k + ½, the
    /// posterior of a share of which k in N were seen under Jeffreys' prior: about √(p(1−p)/N),
    /// yet not zero where all draws or none have a higher density.
    private static func levels(
        of densities: [Float],
        among draws: Draws,
        path: String
    ) -> Result<CredibleAnswer.Levels, APIError> {
        // Rounding may put a draw on the bound of the prior, where it has no density.
        let sorted = draws.logProb.filter { $0 != -.infinity }.sorted()
        guard !sorted.isEmpty, sorted.allSatisfy({ $0 < .infinity }) else {
            return .failure(
                .unanswerable(
                    path: path,
                    reason:
                        "no draws of this observation's posterior are finite and inside the prior"
                )
            )
        }
        var levels = CredibleAnswer.Levels()
        levels.truncation = draws.rate.map { (draws: sorted.count, rate: $0) }
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
        return .success(levels)
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
