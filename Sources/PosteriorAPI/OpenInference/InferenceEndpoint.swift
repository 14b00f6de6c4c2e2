import Estimators
import Glibc
import HTTPMessages
import NumericArrays
import Robustness

/// `POST /v2/models/…/infer`: draw, evaluate, differentiate, encode.
enum InferenceEndpoint {
    static func answer(
        _ request: InferenceRequest,
        model: ModelCatalog.Entry,
        limits: ServiceLimits,
        workers: Int,
        cancellation: Cancellation
    ) throws(APIError) -> ServerResponse {
        let posterior = model.posterior
        var x: [Float] = []
        for index in request.observations.indices { try request.observations.append(index, to: &x) }
        let seed = request.seed ?? SeedSource.shared.next()
        let most = min(limits.computeTime, request.timeout ?? limits.computeTime)
        let time = WorkTime(deadline: ContinuousClock.now + most, cancellation: cancellation)
        let source = DrawSource(model: model, x: x, seed: seed, count: request.count)
        var drawn: Draws?
        let isDrawn = request.wants(.samples) || request.wants(.logProb) && request.theta == nil
        if isDrawn {
            drawn = try draw(request, source, limits, time, workers: workers)
        }
        var tensors: [InferenceResponse.Tensor] = []
        let batch = request.observations.count
        for wanted in request.outputs {
            var tensor = InferenceResponse.Tensor(wanted: wanted, shape: [], content: .values([]))
            switch wanted.output {
            case .samples:
                tensor.shape = [batch, request.count, posterior.thetaDim]
                if let drawn, drawn.state == .held {
                    tensor.content = .values(drawn.theta)
                } else {
                    tensor.content = .samples
                }
            case .logProb:
                if let theta = request.theta {
                    tensor.shape = [batch, theta.shape[1]]
                    tensor.content = .values(
                        try logProb(theta, x, model, time, workers: workers)
                    )
                } else {
                    tensor.shape = [batch, request.count]
                    if let drawn, drawn.state == .held || !wanted.isBinary {
                        tensor.content = .values(drawn.logProb)
                    } else {
                        tensor.content = .logProb
                    }
                }
            case .fisherTrace:
                tensor.shape = [batch]
                tensor.content = .values(
                    try fisherTrace(request, x, seed, model, time, workers: workers)
                )
            }
            tensors.append(tensor)
        }
        return try InferenceResponse(
            model: model,
            id: request.id,
            seed: seed,
            tensors: tensors
        ).response(source)
    }

    /// Draws that are held, or the word that they are made while they are sent.
    private struct Draws {
        enum State {
            case held
            case streamed
        }

        var state = State.held
        var theta: [Float] = []
        var logProb: [Float] = []
    }

    private static func draw(
        _ request: InferenceRequest,
        _ source: DrawSource,
        _ limits: ServiceLimits,
        _ time: WorkTime,
        workers: Int
    ) throws(APIError) -> Draws {
        let posterior = source.model.posterior
        let batch = request.observations.count
        let withLogProb = request.wants(.logProb) && request.theta == nil
        if posterior.support == .truncated {
            return try truncated(request, source, limits, time, workers: workers)
        }
        let numbers = batch * request.count * (posterior.thetaDim + 1)
        guard numbers >= SampleStream.leastNumbers, !request.needsDrawsFirst else {
            let draws = posterior.sample(
                count: request.count,
                given: source.x,
                seed: source.seed,
                withLogProb: withLogProb,
                workers: workers
            )
            source.model.metrics?.drew(batch * request.count)
            return Draws(theta: draws.theta, logProb: draws.logProb ?? [])
        }
        var draws = Draws(state: .streamed)
        if let index = source.areFinite(workers: workers).firstIndex(of: false) {
            throw .drawsNotFinite(path: "input observation[\(index)]")
        }
        let isJSON = request.outputs.contains { $0.output == .logProb && !$0.isBinary }
        guard withLogProb, isJSON else { return draws }
        // JSON cannot hold −∞, which has to be known before the answer begins.
        for observation in 0..<batch {
            for first in stride(from: 0, to: request.count, by: source.sliceDraws) {
                guard !time.isUp else { throw .timeLimit(path: "output log_prob") }
                let range = first..<min(first + source.sliceDraws, request.count)
                let slice = source.draws(of: observation, range, withLogProb: true)
                draws.logProb += slice.logProb ?? []
            }
        }
        return draws
    }

    /// Draws of a posterior that keeps to the prior by rejection.
    private static func truncated(
        _ request: InferenceRequest,
        _ source: DrawSource,
        _ limits: ServiceLimits,
        _ time: WorkTime,
        workers: Int
    ) throws(APIError) -> Draws {
        let (model, xDim) = (source.model, source.model.posterior.xDim)
        var draws = Draws()
        for index in request.observations.indices {
            let path = "input observation[\(index)]"
            guard !time.isUp else { throw .timeLimit(path: path) }
            let x = Array(source.x[index * xDim..<(index + 1) * xDim])
            let rate = model.acceptanceRates.rate(given: x, workers: workers)
            guard rate.accepted > 0 else { throw .nothingAccepted(path: path, rate) }
            let samples = model.posterior.truncatedSample(
                count: request.count,
                given: x,
                seed: source.seed,
                rate: rate,
                mostProposals: limits.proposals(observations: request.observations.count),
                deadline: time.deadline,
                withLogProb: true,
                workers: workers
            )
            let found = samples.theta.count / model.posterior.thetaDim
            guard found == request.count else {
                throw .unanswerable(
                    path: path,
                    reason:
                        "only \(found) of \(request.count) draws were accepted within the limits"
                )
            }
            let logRate = Float(log(rate.value))
            draws.theta += samples.theta
            draws.logProb += (samples.logProb ?? []).map { $0 - logRate }
            model.metrics?.drew(found)
        }
        return draws
    }

    private static func logProb(
        _ theta: NumericArray,
        _ x: [Float],
        _ model: ModelCatalog.Entry,
        _ time: WorkTime,
        workers: Int
    ) throws(APIError) -> [Float] {
        var values = model.posterior.logProb(theta.values, given: x, workers: workers)
        guard model.posterior.support == .truncated else { return values }
        let (xDim, count) = (model.posterior.xDim, theta.shape[1])
        for index in 0..<theta.shape[0] {
            let path = "input observation[\(index)]"
            guard !time.isUp else { throw .timeLimit(path: path) }
            let own = Array(x[index * xDim..<(index + 1) * xDim])
            let rate = model.acceptanceRates.rate(given: own, workers: workers)
            guard rate.accepted > 0 else { throw .nothingAccepted(path: path, rate) }
            let logRate = Float(log(rate.value))
            for place in index * count..<(index + 1) * count { values[place] -= logRate }
        }
        return values
    }

    private static func fisherTrace(
        _ request: InferenceRequest,
        _ x: [Float],
        _ seed: UInt64,
        _ model: ModelCatalog.Entry,
        _ time: WorkTime,
        workers: Int
    ) throws(APIError) -> [Float] {
        var estimator = FisherEstimator(model.sensitivity)
        estimator.draws = request.fisherCount
        estimator.seed = seed
        estimator.workers = workers
        let xDim = model.posterior.xDim
        var traces: [Float] = []
        for index in request.observations.indices {
            try time.throwIfCancelled()
            let path = "input observation[\(index)]"
            guard !time.isUp else { throw .timeLimit(path: path) }
            let own = Array(x[index * xDim..<(index + 1) * xDim])
            let trace = estimator.estimate(at: own).trace.mean
            if trace.isFinite { model.metrics?.found(fisherTrace: trace) }
            traces.append(Float(trace))
        }
        return traces
    }
}
