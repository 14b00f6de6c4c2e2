import Estimators

/// `POST …/sample`: draw, encode.
enum SampleEndpoint {
    /// Answers requests that are alike together.
    ///
    /// The engine computes eight draws at the price of one, so small requests that are there at
    /// the same time are drawn in one batch. A draw depends on its own observation, seed and
    /// index alone: no bit of an answer changes.
    ///
    /// - Returns: For each request its answer or what went wrong.
    static func answers(
        _ works: [SampleWork],
        model: ModelCatalog.Entry,
        workers: Int
    ) -> [Result<[UInt8], APIError>] {
        let draws = draw(works, model.posterior, workers: workers)
        model.metrics?.drew(draws.theta.count / model.posterior.thetaDim)
        var first = 0
        return works.map { work in
            defer { first += work.usable }
            return Result { () throws(APIError) in
                try encode(work, draws, first: first, model: model)
            }
        }
    }

    private static func draw(
        _ works: [SampleWork],
        _ posterior: Posterior,
        workers: Int
    ) -> PosteriorSamples {
        guard let request = works.first?.request, works.contains(where: { $0.usable > 0 }) else {
            return PosteriorSamples(theta: [], logProb: nil)
        }
        return posterior.sample(
            count: request.count,
            given: works.count == 1 ? works[0].x : works.flatMap(\.x),
            seeds: works.flatMap { repeatElement($0.seed, count: $0.usable) },
            withLogProb: request.withLogProb,
            workers: workers
        )
    }

    /// Encodes the draws of a request, whose first observation has the place `first` in them.
    private static func encode(
        _ work: SampleWork,
        _ draws: PosteriorSamples,
        first: Int,
        model: ModelCatalog.Entry
    ) throws(APIError) -> [UInt8] {
        let thetaDim = model.posterior.thetaDim
        let count = work.request.count
        var entries: [SampleAnswer.Entry] = []
        for (index, entry) in work.entries.enumerated() {
            guard case .success(let own) = entry else {
                entries.append(entry)
                continue
            }
            let place = first + own
            if isFinite(draws, place, count: count, thetaDim: thetaDim) {
                entries.append(.success(place))
            } else {
                let reason = "the draws of this observation's posterior are not finite"
                let path = work.request.observations.path(index)
                entries.append(.failure(.unanswerable(path: path, reason: reason)))
            }
        }
        try ObservationList.throwIfAlone(entries)
        return SampleAnswer(
            model: model.name,
            version: model.version,
            seed: work.seed,
            draws: draws,
            count: count,
            thetaDim: thetaDim,
            output: work.request.output,
            levels: work.request.levels,
            entries: entries
        ).encoded()
    }

    /// Whether JSON can hold all numbers of the observation at a place.
    private static func isFinite(
        _ draws: PosteriorSamples,
        _ place: Int,
        count: Int,
        thetaDim: Int
    ) -> Bool {
        let size = count * thetaDim
        guard draws.theta[place * size..<(place + 1) * size].allSatisfy(\.isFinite) else {
            return false
        }
        guard let logProb = draws.logProb else { return true }
        // −∞ is an answer: a draw that rounding put on the edge of the prior.
        return logProb[place * count..<(place + 1) * count].allSatisfy { $0 < .infinity }
    }
}
