import Estimators
import ModelStore
import StrictJSON

/// What a request with a body asks of a model: read and checked, not yet worked out.
enum PosteriorCall {
    case sample(SampleRequest)
    case logProb(LogProbRequest)

    /// Reads the body of a call.
    init(
        _ call: Endpoint.Call,
        _ body: JSONValue,
        _ model: ModelRepository.Model,
        _ limits: ServiceLimits
    ) throws(JSONFieldError) {
        let xShape = model.file.metadata.x.shape
        let thetaDim = model.file.posterior.thetaDim
        switch call {
        case .sample:
            self = .sample(
                try SampleRequest(body, xShape: xShape, thetaDim: thetaDim, limits: limits)
            )
        case .logProb:
            self = .logProb(
                try LogProbRequest(body, xShape: xShape, thetaDim: thetaDim, limits: limits)
            )
        }
    }

    /// How many draws or densities it asks for, over all observations: what it costs.
    var draws: Int {
        switch self {
        case .sample(let request): request.observations.entries.count * request.count
        case .logProb(let request): request.draws
        }
    }

    /// Works out the answer.
    func answer(_ model: ModelRepository.Model, workers: Int) throws(APIError) -> [UInt8] {
        switch self {
        case .sample(let request):
            try SampleEndpoint.answer(request, model: model, workers: workers)
        case .logProb(let request):
            try LogProbEndpoint.answer(request, model: model, workers: workers)
        }
    }
}
