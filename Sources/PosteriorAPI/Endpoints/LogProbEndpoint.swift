import Estimators
import Glibc

/// `POST …/log_prob`: evaluate, normalise, encode.
enum LogProbEndpoint {
    static func answer(
        _ request: LogProbRequest,
        model: ModelCatalog.Entry,
        deadline: ContinuousClock.Instant,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let queries = request.queries
        try ObservationList.throwIfAlone(queries.entries)
        let densities = queries.logProb(model.posterior, workers: workers)
        let isDivided = request.isTruncated && request.isNormalized
        let entries = densities.indices.map { index in
            densities[index].flatMap { values in
                guard isDivided, case .success(let query) = queries.entries[index] else {
                    return .success(LogProbAnswer.Densities(logProb: values, rate: nil))
                }
                return normalized(
                    values,
                    given: Array(queries.x[query.x]),
                    model,
                    deadline: deadline,
                    path: queries.path(index),
                    workers: workers
                )
            }
        }
        try ObservationList.throwIfAlone(entries)
        return LogProbAnswer(model: model.name, version: model.version, entries: entries).encoded()
    }

    /// The densities divided by the mass that lies inside the prior.
    private static func normalized(
        _ values: [Float],
        given x: [Float],
        _ model: ModelCatalog.Entry,
        deadline: ContinuousClock.Instant,
        path: String,
        workers: Int
    ) -> Result<LogProbAnswer.Densities, APIError> {
        guard ContinuousClock.now < deadline else { return .failure(.timeLimit(path: path)) }
        let rate = model.acceptanceRates.rate(given: x, workers: workers)
        guard rate.accepted > 0 else { return .failure(.nothingAccepted(path: path, rate)) }
        let logRate = Float(log(rate.value))
        return .success(LogProbAnswer.Densities(logProb: values.map { $0 - logRate }, rate: rate))
    }
}

extension APIError {
    /// No draw of an observation lay inside the prior before a limit was reached.
    static func nothingAcceptedInTime(path: String) -> Self {
        .unanswerable(path: path, reason: "no draw was accepted within the limits")
    }

    /// None of an observation's draws lay inside the prior.
    static func nothingAccepted(path: String, _ rate: AcceptanceRate) -> Self {
        .unanswerable(
            path: path,
            reason:
                "none of \(rate.proposals) draws of this observation's posterior lies inside the prior: "
                + "the acceptance rate is below \(3 / Double(rate.proposals)) with 95 % confidence"
        )
    }
}
