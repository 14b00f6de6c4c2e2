import Estimators
import Glibc
import StrictJSON

/// `POST …/sample` of a model whose density has mass outside the prior: bounded rejection.
enum TruncatedSampleEndpoint {
    /// What is said of one observation.
    private struct Draws {
        var samples: TruncatedSamples
        var rate: AcceptanceRate
    }

    static func answer(
        _ work: SampleWork,
        model: ModelCatalog.Entry,
        limits: ServiceLimits,
        deadline: ContinuousClock.Instant,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let posterior = model.posterior
        let mostProposals = limits.proposals(observations: work.usable)
        let entries = work.entries.indices.map { index -> Result<Draws, APIError> in
            work.entries[index].flatMap { place in
                let path = work.request.observations.path(index)
                guard ContinuousClock.now < deadline else {
                    return .failure(.timeLimit(path: path))
                }
                let x = Array(work.x[place * posterior.xDim..<(place + 1) * posterior.xDim])
                let rate = model.acceptanceRates.rate(given: x, workers: workers)
                guard rate.accepted > 0 else {
                    return .failure(.nothingAccepted(path: path, rate))
                }
                let samples = posterior.truncatedSample(
                    count: work.request.count,
                    given: x,
                    seed: work.seed,
                    rate: rate,
                    mostProposals: mostProposals,
                    deadline: deadline,
                    withLogProb: work.request.withLogProb,
                    workers: workers
                )
                guard !samples.theta.isEmpty else {
                    return .failure(.nothingAcceptedInTime(path: path))
                }
                model.metrics?.drew(samples.theta.count / posterior.thetaDim)
                return .success(Draws(samples: samples, rate: rate))
            }
        }
        try ObservationList.throwIfAlone(entries)
        return JSONWriter.answer(
            capacity: 512 + 13 * work.draws * posterior.thetaDim,
            model: model.name,
            version: model.version,
            seed: work.seed,
            entries
        ) { draws, writer in
            write(draws, work.request, thetaDim: posterior.thetaDim, to: &writer)
        }
    }

    private static func write(
        _ draws: Draws,
        _ request: SampleRequest,
        thetaDim: Int,
        to writer: inout JSONWriter
    ) {
        let theta = draws.samples.theta
        writer.key("num_samples")
        writer.integer(theta.count / thetaDim)
        draws.rate.write(to: &writer)
        if request.output != .summary {
            writer.key("samples")
            writer.rows(theta.span, columns: thetaDim)
        }
        if let logProb = draws.samples.logProb {
            let logRate = Float(log(draws.rate.value))
            writer.key("log_prob")
            let normalized = logProb.map { $0 - logRate }
            writer.numbers(normalized.span)
        }
        if request.output != .samples {
            writer.key("summary")
            PosteriorSummary(theta[...], thetaDim: thetaDim, levels: request.levels)
                .write(to: &writer)
        }
    }
}
