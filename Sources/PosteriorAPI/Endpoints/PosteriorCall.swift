import Estimators
import StrictJSON

/// What a request with a body asks of a model: read and checked, not yet worked out.
enum PosteriorCall {
    case sample(SampleWork)
    case logProb(LogProbRequest)

    /// Reads the body of a call.
    init(
        _ call: Endpoint.Call,
        _ body: JSONValue,
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(APIError) {
        let thetaDim = model.posterior.thetaDim
        let sample: SampleRequest
        do throws(JSONFieldError) {
            switch call {
            case .sample:
                sample = try SampleRequest(
                    body,
                    xShape: model.xShape,
                    thetaDim: thetaDim,
                    limits: limits
                )
            case .logProb:
                self = .logProb(
                    try LogProbRequest(
                        body,
                        xShape: model.xShape,
                        thetaDim: thetaDim,
                        limits: limits
                    )
                )
                return
            }
        } catch {
            throw .invalidField(error)
        }
        self = .sample(try SampleWork(sample))
    }

    /// How many draws or densities it asks for, over all observations: what it costs.
    var draws: Int {
        switch self {
        case .sample(let work): work.draws
        case .logProb(let request): request.draws
        }
    }

    /// Works out the answer.
    func answer(_ model: ModelCatalog.Entry, workers: Int) throws(APIError) -> [UInt8] {
        switch self {
        case .sample(let work):
            try SampleEndpoint.answers([work], model: model, workers: workers)[0].get()
        case .logProb(let request):
            try LogProbEndpoint.answer(request, model: model, workers: workers)
        }
    }
}
