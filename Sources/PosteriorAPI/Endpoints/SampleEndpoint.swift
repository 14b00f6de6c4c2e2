import Estimators
import ModelStore

/// `POST …/sample`: draw, encode.
enum SampleEndpoint {
    static func answer(
        _ request: SampleRequest,
        model: ModelRepository.Model,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        let posterior = model.file.posterior
        var x: [Float] = []
        var usable = 0
        var entries: [SampleAnswer.Entry] = []
        for index in request.observations.entries.indices {
            do throws(APIError) {
                try request.observations.append(index, to: &x)
                entries.append(.success(usable))
                usable += 1
            } catch {
                entries.append(.failure(error))
            }
        }
        try ObservationList.throwIfAlone(entries)
        let seed = request.seed ?? UInt64.random(in: 0..<1 << 53)
        let draws =
            usable == 0
            ? PosteriorSamples(theta: [], logProb: nil)
            : posterior.sample(
                count: request.count,
                given: x,
                seed: seed,
                withLogProb: request.withLogProb,
                workers: workers
            )
        refuseNonFinite(draws, request, thetaDim: posterior.thetaDim, entries: &entries)
        try ObservationList.throwIfAlone(entries)
        return SampleAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            draws: draws,
            count: request.count,
            thetaDim: posterior.thetaDim,
            output: request.output,
            entries: entries
        ).encoded()
    }

    /// Numbers that JSON cannot hold become the error of their observation.
    private static func refuseNonFinite(
        _ draws: PosteriorSamples,
        _ request: SampleRequest,
        thetaDim: Int,
        entries: inout [SampleAnswer.Entry]
    ) {
        let size = request.count * thetaDim
        for index in entries.indices {
            guard case .success(let place) = entries[index] else { continue }
            var isUsable = draws.theta[place * size..<(place + 1) * size].allSatisfy(\.isFinite)
            if let logProb = draws.logProb {
                // −∞ is an answer: a draw that rounding put on the edge of the prior.
                let range = place * request.count..<(place + 1) * request.count
                isUsable = isUsable && logProb[range].allSatisfy { $0 < .infinity }
            }
            if !isUsable {
                let reason = "the draws of this observation's posterior are not finite"
                let path = request.observations.path(index)
                entries[index] = .failure(.unanswerable(path: path, reason: reason))
            }
        }
    }
}
