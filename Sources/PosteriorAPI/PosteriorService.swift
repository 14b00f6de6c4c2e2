public import HTTPMessages
public import HTTPTypes
import MetricsExposition
public import ModelStore
import StrictJSON

/// The API: a function from a request to a response, without a socket in sight.
///
/// Pages about models and health are encoded once and answered on the connection's loop; sampling
/// and densities read a body and run on a worker, unless there is so little to do that the loop
/// is better off doing it itself.
public struct PosteriorService: HTTPService {
    private let catalog: ModelCatalog
    private let limits: ServiceLimits
    private let readiness: Readiness
    private let access: AccessControl
    private let metrics: ServiceMetrics?
    private let router = Router()
    /// The release of the software.
    public static let release = "0.1.0"

    private let list: [UInt8]
    private let openAPI: [UInt8]
    private let cards: [String: [Int: [UInt8]]]

    /// Makes a service for the models of a repository.
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
        let catalog = ModelCatalog(repository, loopTime: limits.loopTime, metrics: metrics)
        self.catalog = catalog
        self.limits = limits
        self.readiness = readiness
        self.access = access
        self.metrics = metrics
        list = ModelCard.encodeList(catalog)
        openAPI = OpenAPIDocument.encode(catalog, limits, asksForKeys: access.isOn)
        var cards: [String: [Int: [UInt8]]] = [:]
        for model in repository.models {
            cards[model.name, default: [:]][model.version] = ModelCard.encode(
                model,
                versions: catalog.versions(model.name)
            )
        }
        self.cards = cards
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
            if let scope = match.endpoint.scope {
                try access.check(request, for: scope, &context)
            }
            catalog.identify(match, in: &context)
            try catalog.checkNames(match)
            guard match.allowedMethods.contains(request.method) else {
                throw .methodNotAllowed(allowed: match.allowedMethods)
            }
            if request.method == .options {
                return .respond(Self.options(match.allowedMethods))
            }
            if case .page(let page) = match.endpoint {
                guard !hasBody else { throw .unexpectedBody }
                if case .metrics = page { return .respond(try metricsPage(for: request)) }
                return .respond(Self.response(.ok, try content(of: page, match)))
            }
            try MediaType.check(request)
            guard hasLength else { throw .lengthRequired }
            guard hasBody else { throw .missingBody }
            for field in request.headerFields where field.name == .contentLength {
                guard let length = Int(field.value), length > limits.bodyBytes else { continue }
                throw .bodyTooLarge(limitBytes: limits.bodyBytes)
            }
            return .compute(limitBytes: limits.bodyBytes)
        } catch {
            return .respond(Self.response(error))
        }
    }

    /// Answers the requests that take no longer than `ServiceLimits.loopTime`.
    public func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        var answers = [ServerResponse?](repeating: nil, count: requests.count)
        var batches: [SampleBatch] = []
        for (index, request) in requests.enumerated()
        where request.body.count <= QuickWork.bodyBytes {
            do throws(APIError) {
                let (entry, call) = try read(request.request, request.body)
                guard let draws = call.draws, draws <= entry.quickDraws else { continue }
                if case .sample(let work) = call {
                    SampleBatch.add(work, of: index, entry, to: &batches)
                } else {
                    let body = try call.answer(entry, limits: limits, workers: 1)
                    answers[index] = Self.response(.ok, body)
                }
            } catch {
                answers[index] = Self.response(error)
            }
        }
        for batch in batches {
            for (index, result) in zip(batch.indices, batch.answers()) {
                switch result {
                case .success(let body): answers[index] = Self.response(.ok, body)
                case .failure(let error): answers[index] = Self.response(error)
                }
            }
        }
        return answers
    }

    /// Answers a request with a body.
    public func compute(
        _ request: HTTPRequest,
        body: [UInt8],
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        do throws(APIError) {
            let (entry, call) = try read(request, body)
            let workers = max(idleWorkers, 0) + 1
            let answer = try call.answer(
                entry,
                limits: limits,
                workers: workers,
                cancellation: cancellation
            )
            return Self.response(.ok, answer)
        } catch {
            return Self.response(error)
        }
    }

    private func content(
        of page: Endpoint.Page,
        _ match: Router.Match
    ) throws(APIError) -> [UInt8] {
        switch page {
        case .live:
            return Self.liveBody
        case .ready:
            guard !readiness.isDraining else {
                throw .notReady(reason: "the server is shutting down")
            }
            guard !catalog.names.isEmpty else {
                throw .notReady(reason: "there is no model to serve")
            }
            return Self.readyBody
        case .models:
            return list
        case .openAPI:
            return openAPI
        case .metrics:
            throw .unknownPath
        case .card:
            let model = try catalog.entry(match)
            return cards[model.name]?[model.version] ?? []
        }
    }

    /// The metrics, in the format the client would rather have.
    private func metricsPage(for request: HTTPRequest) throws(APIError) -> ServerResponse {
        guard let metrics else { throw .unknownPath }
        let accept = request.headerFields[values: .accept].joined(separator: ",")
        let format = ExpositionFormat(accept: accept)
        return ServerResponse(
            head: HTTPResponse(
                status: .ok,
                headerFields: [.contentType: format.mediaType, .vary: "Accept"]
            ),
            body: metrics.registry.exposition(format)
        )
    }

    /// Finds the model and reads the content of a request.
    private func read(
        _ request: HTTPRequest,
        _ body: [UInt8]
    ) throws(APIError) -> (ModelCatalog.Entry, PosteriorCall) {
        guard let match = router.match(request.path ?? "") else { throw .unknownPath }
        guard case .call(let call) = match.endpoint else {
            throw .methodNotAllowed(allowed: match.allowedMethods)
        }
        let entry = try catalog.entry(match)
        guard !body.isEmpty else { throw .missingBody }
        var limitBytes = limits.bodyBytes
        // Only what came compressed may be longer than what is received.
        if body.count > limitBytes, request.headerFields[.contentEncoding] != nil {
            limitBytes = limits.decodedBytes
        }
        guard body.count <= limitBytes else { throw .bodyTooLarge(limitBytes: limitBytes) }
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

    // MARK: Responses

    private static let liveBody = Array(#"{"live":true}"#.utf8)
    private static let readyBody = Array(#"{"ready":true}"#.utf8)
    private static let okHead = HTTPResponse(
        status: .ok,
        headerFields: [.contentType: "application/json"]
    )

    private static func response(
        _ status: HTTPResponse.Status,
        _ body: [UInt8]
    ) -> ServerResponse {
        var head = okHead
        if status != .ok { head.status = status }
        return ServerResponse(head: head, body: body)
    }

    static func response(_ error: APIError) -> ServerResponse {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("error")
        error.write(to: &writer)
        writer.endObject()
        var response = response(error.status, writer.finish())
        if let challenge = error.challenge {
            response.head.headerFields[.wwwAuthenticate] = challenge
        }
        if case .methodNotAllowed(let allowed) = error {
            response.head.headerFields[.allow] = list(allowed)
        }
        if error == .unsupportedCoding {
            response.head.headerFields[.acceptEncoding] = "gzip, deflate"
        }
        return response
    }

    private static func options(_ methods: [HTTPRequest.Method]) -> ServerResponse {
        var head = HTTPResponse(status: .ok)
        head.headerFields[.allow] = list(methods)
        return ServerResponse(head: head)
    }

    private static func list(_ methods: [HTTPRequest.Method]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}
