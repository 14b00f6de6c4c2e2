/// `POST …/log_prob`: evaluate, encode.
enum LogProbEndpoint {
    static func answer(
        _ request: LogProbRequest,
        model: ModelCatalog.Entry,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        try ObservationList.throwIfAlone(request.queries.entries)
        let entries = request.queries.logProb(model.posterior, workers: workers)
        try ObservationList.throwIfAlone(entries)
        return LogProbAnswer(model: model.name, version: model.version, entries: entries).encoded()
    }
}
