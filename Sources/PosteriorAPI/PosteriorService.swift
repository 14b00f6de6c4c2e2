import Estimators
public import HTTPMessages
public import HTTPTypes
public import ModelStore
import StrictJSON

/// The API: a function from a request to a response, without a socket in sight.
///
/// Pages about models and health are encoded once and answered on the connection's loop; sampling
/// and densities read a body and run on a worker, unless there is so little to do that the loop
/// is better off doing it itself.
public struct PosteriorService: HTTPService {
    let models: ServedModels
    let limits: ServiceLimits
    let readiness: Readiness
    let access: AccessControl
    let metrics: ServiceMetrics?
    let openAPI = OpenAPIPage()
    private let router = Router()
    /// The release of the software.
    public static let release = "0.1.0"

    /// Makes a service for models that may change while it runs.
    ///
    /// - Parameters:
    ///   - models: What to serve.
    ///   - limits: Bounds on what a request may ask for.
    ///   - readiness: Turned off by whoever stops the server.
    ///   - access: Who may ask for what.
    ///   - metrics: Where it is recorded what was done.
    public init(
        models: ServedModels,
        limits: ServiceLimits = ServiceLimits(),
        readiness: Readiness = Readiness(),
        access: AccessControl = AccessControl(),
        metrics: ServiceMetrics? = nil
    ) {
        self.models = models
        self.limits = limits
        self.readiness = readiness
        self.access = access
        self.metrics = metrics
    }

    /// Makes a service for the models of a repository, which do not change.
    ///
    /// - Parameters:
    ///   - repository: What to serve.
    ///   - limits: Bounds on what a request may ask for.
    ///   - readiness: Turned off by whoever stops the server.
    ///   - access: Who may ask for what.
    ///   - metrics: Where it is recorded what was done.
    public init(
        repository: ModelRepository,
        limits: ServiceLimits = ServiceLimits(),
        readiness: Readiness = Readiness(),
        access: AccessControl = AccessControl(),
        metrics: ServiceMetrics? = nil
    ) {
        self.init(
            models: ServedModels(repository, loopTime: limits.loopTime, metrics: metrics),
            limits: limits,
            readiness: readiness,
            access: access,
            metrics: metrics
        )
    }

    /// Answers what needs no body; a request that does need one is checked up to its header.
    public func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        do throws(APIError) {
            if request.method == .options, request.path == "*" {
                try access.check(request, for: nil, &context)
                return .respond(Self.options([.get, .head, .post, .options]))
            }
            guard let match = router.match(request.path ?? "") else {
                try access.check(request, for: nil, &context)
                throw .unknownPath
            }
            context.route = match.route
            context.isProbe = match.endpoint.isProbe
            context.takesLong = match.endpoint.takesLong
            if let scope = match.endpoint.scope {
                try access.check(request, for: scope, &context)
            }
            models.catalog.identify(match, in: &context)
            try models.catalog.checkNames(match)
            guard match.allowedMethods.contains(request.method) else {
                throw .methodNotAllowed(allowed: match.allowedMethods)
            }
            if request.method == .options {
                return .respond(Self.options(match.allowedMethods))
            }
            if case .order = match.endpoint {
                try MediaType.check(request)
                return .compute(limitBytes: min(RepositoryOrder.bodyBytes, limits.bodyBytes))
            }
            if case .page(let page) = match.endpoint {
                guard !hasBody else { throw .unexpectedBody }
                if case .metrics = page { return .respond(try metricsPage(for: request)) }
                return .respond(Self.response(.ok, try content(of: page, match)))
            }
            try checkTypes(request, match)
            guard hasLength else { throw .lengthRequired }
            guard hasBody else { throw .missingBody }
            for field in request.headerFields where field.name == .contentLength {
                guard let length = Int(field.value), length > limits.bodyBytes else { continue }
                throw .bodyTooLarge(limitBytes: limits.bodyBytes)
            }
            return .compute(limitBytes: limits.bodyBytes)
        } catch {
            return .respond(Self.response(error, to: request))
        }
    }

    /// Refuses content of a type the route does not read, and clients that do not take what it
    /// writes.
    private func checkTypes(
        _ request: HTTPRequest,
        _ match: Router.Match
    ) throws(APIError) {
        switch match.endpoint {
        case .call(.infer): try MediaType.checkStrictly(request)
        case .call(.sample):
            try MediaType.check(request, or: [NPYRequest.mediaType])
            _ = try sampleType(request)
        case .call(.fisher): try MediaType.check(request, or: [NPYRequest.mediaType])
        default: try MediaType.check(request)
        }
    }

    /// The type that draws are sent as.
    private func sampleType(_ request: HTTPRequest) throws(APIError) -> String {
        try AcceptedTypes(request).choose(["application/json", NPYRequest.mediaType])
    }

    /// Answers the requests that take no longer than `ServiceLimits.loopTime`.
    public func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        var answers = [ServerResponse?](repeating: nil, count: requests.count)
        var batches: [SampleBatch] = []
        for (index, request) in requests.enumerated()
        where request.body.count <= QuickWork.bodyBytes {
            do throws(APIError) {
                let match = try match(request.request)
                guard case .call(let endpoint) = match.endpoint, endpoint != .infer,
                    !NPYRequest.isOne(request.request)
                else { continue }
                if endpoint == .sample, try sampleType(request.request) != "application/json" {
                    continue
                }
                let (entry, call) = try read(request, match, endpoint)
                guard let draws = call.draws, draws <= entry.quickDraws else { continue }
                if case .sample(let work) = call {
                    SampleBatch.add(work, of: index, entry, to: &batches)
                } else {
                    let body = try call.answer(entry, limits: limits, workers: 1)
                    answers[index] = Self.response(.ok, body)
                }
            } catch {
                answers[index] = Self.response(error, to: request.request)
            }
        }
        for batch in batches {
            for (index, result) in zip(batch.indices, batch.answers()) {
                switch result {
                case .success(let body): answers[index] = Self.response(.ok, body)
                case .failure(let error):
                    answers[index] = Self.response(error, to: requests[index].request)
                }
            }
        }
        return answers
    }

    /// Words a refusal as those of the service: below `/v2` a text.
    public func refusal(_ error: HTTPParseError, of request: HTTPRequest?) -> ServerResponse {
        var response = error.response
        if let request, Self.isOpenInference(request) {
            response.body = Self.errorText(error.message)
        }
        return response
    }

    /// Answers a request with a body.
    public func compute(
        _ admitted: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        let workers = max(idleWorkers, 0) + 1
        let request = admitted.request
        do throws(APIError) {
            let match = try match(request)
            switch match.endpoint {
            case .page: throw .methodNotAllowed(allowed: match.allowedMethods)
            case .order(let order):
                let answer = try RepositoryOrder.answer(
                    order,
                    model: match.model,
                    admitted.body,
                    models
                )
                return Self.response(.ok, answer)
            case .call(.infer):
                return try infer(admitted, match, workers: workers, cancellation)
            case .call(let endpoint):
                let (entry, call) = try read(admitted, match, endpoint)
                if case .sample(let work) = call {
                    return try sample(work, entry, request, workers: workers)
                }
                if endpoint == .sample, try sampleType(request) != "application/json" {
                    // A truncated posterior may have fewer draws than asked for.
                    throw .notAcceptable(types: ["application/json"])
                }
                let answer = try call.answer(
                    entry,
                    limits: limits,
                    workers: workers,
                    cancellation: cancellation
                )
                return Self.response(.ok, answer)
            }
        } catch {
            return Self.response(error, to: request)
        }
    }

    /// Answers with draws, as the client takes them; many are made while they are sent.
    private func sample(
        _ work: SampleWork,
        _ entry: ModelCatalog.Entry,
        _ request: HTTPRequest,
        workers: Int
    ) throws(APIError) -> ServerResponse {
        let type = try sampleType(request)
        var head = HTTPResponse(status: .ok)
        head.headerFields[.contentType] = type
        head.headerFields[.vary] = "Accept"
        guard type == "application/json" else {
            guard work.request.output == .samples, !work.request.withLogProb else {
                throw .notAcceptable(types: ["application/json"])
            }
            head.headerFields[.posteriorModel] = entry.name
            head.headerFields[.posteriorVersion] = String(entry.version)
            head.headerFields[.posteriorSeed] = String(work.seed)
            let stream = try SampleStream.npy(work, entry, workers: workers)
            return work.draws * entry.posterior.thetaDim < SampleStream.leastNumbers
                ? try stream.whole(head) : ServerResponse(head: head, stream: stream)
        }
        if SampleStream.suits(work, entry) {
            let stream = try SampleStream.json(work, entry, workers: workers)
            return ServerResponse(head: head, stream: stream)
        }
        let answers = SampleEndpoint.answers([work], model: entry, workers: workers)
        return ServerResponse(head: head, body: try answers[0].get())
    }

    private func match(_ request: HTTPRequest) throws(APIError) -> Router.Match {
        guard let match = router.match(request.path ?? "") else { throw .unknownPath }
        return match
    }

    /// The longest that the content of a request may be.
    ///
    /// - Throws: `APIError` when it is longer.
    func checkedLimit(
        _ request: HTTPRequest,
        _ body: [UInt8]
    ) throws(APIError) -> Int {
        var limitBytes = limits.bodyBytes
        // Only what came compressed may be longer than what is received.
        if body.count > limitBytes, request.headerFields[.contentEncoding] != nil {
            limitBytes = limits.decodedBytes
        }
        guard body.count <= limitBytes else { throw .bodyTooLarge(limitBytes: limitBytes) }
        return limitBytes
    }

    /// The model that a request was admitted for, even if another has taken its place since.
    func entry(
        _ match: Router.Match,
        _ context: RequestContext
    ) throws(APIError) -> ModelCatalog.Entry {
        if let entry = context.subject as? ModelCatalog.Entry { return entry }
        return try models.catalog.entry(match)
    }

    /// Finds the model and reads the content of a request.
    private func read(
        _ admitted: AdmittedRequest,
        _ match: Router.Match,
        _ call: Endpoint.Call
    ) throws(APIError) -> (ModelCatalog.Entry, PosteriorCall) {
        let (request, body) = (admitted.request, admitted.body)
        let entry = try entry(match, admitted.context)
        guard !body.isEmpty else { throw .missingBody }
        let limitBytes = try checkedLimit(request, body)
        if NPYRequest.isOne(request) {
            let parameters = try NPYRequest.parameters(request)
            let array = try NPYRequest.array(body, limits)
            return (entry, try PosteriorCall(call, parameters.root, array: array, entry, limits))
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(
                parsing: body,
                limits: JSONLimits(bytes: limitBytes, values: limits.numbers)
            )
        } catch {
            throw .invalidJSON(error)
        }
        return (entry, try PosteriorCall(call, document.root, entry, limits))
    }
}
