import Estimators

/// `POST …/log_prob`: evaluate, encode.
enum LogProbEndpoint {
    static func answer(
        _ request: LogProbRequest,
        model: ModelCatalog.Entry,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let posterior = model.posterior
        try ObservationList.throwIfAlone(request.queries)
        let entries = evaluate(request, posterior: posterior, workers: workers)
        try ObservationList.throwIfAlone(entries)
        return LogProbAnswer(model: model.name, version: model.version, entries: entries).encoded()
    }

    /// One batched call for the observations that ask for the same number of densities.
    private static func evaluate(
        _ request: LogProbRequest,
        posterior: Posterior,
        workers: Int
    ) -> [Result<[Float], APIError>] {
        var entries: [Result<[Float], APIError>] = []
        var groups: [Int: [Int]] = [:]
        for (index, query) in request.queries.enumerated() {
            switch query {
            case .success(let query):
                groups[query.count, default: []].append(index)
                entries.append(.success([]))
            case .failure(let error):
                entries.append(.failure(error))
            }
        }
        for (count, indices) in groups {
            var x: [Float] = []
            var theta: [Float] = []
            for index in indices {
                guard case .success(let query) = request.queries[index] else { continue }
                x += request.x[query.x]
                theta += request.theta[query.theta]
            }
            let values = posterior.logProb(theta, given: x, workers: workers)
            for (place, index) in indices.enumerated() {
                let own = Array(values[place * count..<(place + 1) * count])
                entries[index] =
                    own.allSatisfy { $0 < .infinity }
                    ? .success(own)
                    : .failure(
                        .unanswerable(
                            path: indices.count == 1 && entries.count == 1
                                ? "theta" : "theta[\(index)]",
                            reason: "a log density at one of these is not a number"
                        )
                    )
            }
        }
        return entries
    }
}
