import Estimators

/// `POST …/map`: draw, climb, encode.
enum MapEndpoint {
    /// Draws between two looks at the clock, unless one observation takes more.
    private static let drawsAtOnce = 1 << 14

    static func answer(
        _ request: MapRequest,
        model: ModelCatalog.Entry,
        deadline: ContinuousClock.Instant,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let observations = request.observations
        let seed = request.seed ?? SeedSource.shared.next()
        var x: [Float] = []
        var usable: [Int] = []
        var entries: [Result<PosteriorMaximum, APIError>] = []
        for index in observations.indices {
            do throws(APIError) {
                try observations.append(index, to: &x)
                usable.append(index)
                // Until it is worked out.
                entries.append(.failure(.timeLimit(path: observations.path(index))))
            } catch {
                entries.append(.failure(error))
            }
        }
        if usable.isEmpty { try ObservationList.throwIfAlone(entries) }
        let xDim = model.posterior.xDim
        let step = max(1, drawsAtOnce / request.count)
        for first in stride(from: 0, to: usable.count, by: step) {
            guard ContinuousClock.now < deadline else { break }
            let end = min(first + step, usable.count)
            let maxima = model.posterior.maxima(
                given: Array(x[first * xDim..<end * xDim]),
                seed: seed,
                candidates: request.count,
                starts: request.starts,
                deadline: deadline,
                workers: workers
            )
            for (index, maximum) in zip(usable[first..<end], maxima) {
                entries[index] =
                    maximum.map { .success($0) }
                    ?? .failure(
                        .unanswerable(
                            path: observations.path(index),
                            reason: "no density of this observation's posterior is finite"
                        )
                    )
            }
        }
        try ObservationList.throwIfAlone(entries)
        return MapAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            starts: request.starts,
            entries: entries
        ).encoded()
    }
}
