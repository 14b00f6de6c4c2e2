import Estimators
import Robustness

/// `POST …/fisher`: draw, differentiate, encode.
enum FisherEndpoint {
    static func answer(
        _ request: FisherRequest,
        model: ModelCatalog.Entry,
        time: WorkTime,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        var work = try ObservationWork<FisherAnswer.Information>(request.observations)
        let seed = request.seed ?? SeedSource.shared.next()
        var estimator = FisherEstimator(model.sensitivity)
        estimator.draws = request.count
        estimator.seed = seed
        estimator.withMatrix = request.withMatrix
        estimator.workers = workers
        let xDim = model.posterior.xDim
        for (place, index) in work.usable.enumerated() {
            guard !time.isUp else { break }
            let x = Array(work.x[place * xDim..<(place + 1) * xDim])
            let fisher = estimator.estimate(at: x)
            guard fisher.trace.mean.isFinite, fisher.largestEigenvalue.mean.isFinite else {
                work.entries[index] = .failure(
                    .unanswerable(
                        path: request.observations.path(index),
                        reason: "the Fisher information of this observation is not finite"
                    )
                )
                continue
            }
            model.metrics?.found(fisherTrace: fisher.trace.mean)
            work.entries[index] = .success(
                FisherAnswer.Information(
                    fisher: fisher,
                    standing: ObservationStanding(of: x, trace: fisher.trace.mean, model),
                    index: index
                )
            )
        }
        try time.throwIfCancelled()
        try ObservationList.throwIfAlone(work.entries)
        return FisherAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            observations: request.observations,
            entries: work.entries
        ).encoded()
    }
}
