import Estimators
import HTTPMessages
import NumericArrays
import StrictJSON

/// What a request with a body asks of a model: read and checked, not yet worked out.
enum PosteriorCall {
    case sample(SampleWork)
    case truncatedSample(SampleWork)
    case logProb(LogProbRequest)
    case map(MapRequest)
    case credible(CredibleRequest)
    case fisher(FisherRequest)
    case attack(AttackRequest)
    case robustness(RobustnessRequest)

    /// Reads the body of a call, or what stands for it beside an array of observations.
    init(
        _ call: Endpoint.Call,
        _ body: JSONValue,
        array: NumericArray? = nil,
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(APIError) {
        let xShape = model.xShape
        let thetaDim = model.posterior.thetaDim
        let sample: SampleRequest
        do throws(JSONFieldError) {
            switch call {
            case .sample:
                sample = try SampleRequest(
                    body,
                    array: array,
                    xShape: xShape,
                    thetaDim: thetaDim,
                    isTruncated: model.posterior.support == .truncated,
                    limits: limits
                )
            case .logProb:
                self = .logProb(
                    try LogProbRequest(
                        body,
                        xShape: xShape,
                        posterior: model.posterior,
                        limits: limits
                    )
                )
                return
            case .map:
                self = .map(try MapRequest(body, xShape: xShape, limits: limits))
                return
            case .credible:
                self = .credible(
                    try CredibleRequest(
                        body,
                        xShape: xShape,
                        posterior: model.posterior,
                        limits: limits
                    )
                )
                return
            case .fisher:
                self = .fisher(try FisherRequest(body, array: array, model, limits: limits))
                return
            case .attack:
                self = .attack(try AttackRequest(body, model, limits: limits))
                return
            case .infer:
                preconditionFailure("an inference request is read by InferenceRequest")
            case .robustness:
                self = .robustness(try RobustnessRequest(body, model, limits: limits))
                return
            }
        } catch {
            throw .invalidField(error)
        }
        let work = try SampleWork(sample)
        self = model.posterior.support == .truncated ? .truncatedSample(work) : .sample(work)
    }

    /// How many draws or densities it asks for, over all observations: what it costs.
    ///
    /// It is nil where that is never little.
    var draws: Int? {
        switch self {
        case .sample(let work): work.draws
        case .logProb(let request):
            request.isNormalized && request.isTruncated ? nil : request.queries.thetaCount
        case .truncatedSample, .map, .credible, .fisher, .attack, .robustness: nil
        }
    }

    /// Works out the answer.
    ///
    /// - Parameters:
    ///   - model: Who answers.
    ///   - limits: How long it may take.
    ///   - workers: How many threads may take part.
    ///   - cancellation: Tells when nobody waits for the answer any more.
    /// - Returns: The body of the answer.
    /// - Throws: `APIError` for a lone observation without an answer, or when nobody waits.
    func answer(
        _ model: ModelCatalog.Entry,
        limits: ServiceLimits,
        workers: Int,
        cancellation: Cancellation = Cancellation()
    ) throws(APIError) -> [UInt8] {
        let deadline = ContinuousClock.now + limits.computeTime
        let time = WorkTime(deadline: deadline, cancellation: cancellation)
        switch self {
        case .sample(let work):
            return try SampleEndpoint.answers([work], model: model, workers: workers)[0].get()
        case .logProb(let request):
            return try LogProbEndpoint.answer(
                request,
                model: model,
                deadline: deadline,
                workers: workers
            )
        case .truncatedSample(let work):
            return try TruncatedSampleEndpoint.answer(
                work,
                model: model,
                limits: limits,
                deadline: deadline,
                workers: workers
            )
        case .map(let request):
            return try MapEndpoint.answer(
                request,
                model: model,
                deadline: deadline,
                workers: workers
            )
        case .credible(let request):
            return try CredibleEndpoint.answer(
                request,
                model: model,
                limits: limits,
                deadline: deadline,
                workers: workers
            )
        case .fisher(let request):
            return try FisherEndpoint.answer(request, model: model, time: time, workers: workers)
        case .attack(let request):
            return try AttackEndpoint.answer(request, model: model, time: time, workers: workers)
        case .robustness(let request):
            return try RobustnessEndpoint.answer(
                request,
                model: model,
                time: time,
                workers: workers
            )
        }
    }
}
