import Distributions
import Estimators
import FoundationEssentials
import HTTPMessages
import HTTPTypes
import ModelStore
import PosteriorAPI
import StrictJSON

/// Sends requests to a service the way a connection does, without one.
struct InMemoryClient {
    let service: PosteriorService

    /// Two versions of a flow with x of shape [3, 1] and a box prior, and a mixture.
    init(
        limits: ServiceLimits = ServiceLimits(),
        readiness: Readiness = Readiness(),
        access: AccessControl = AccessControl(),
        metrics: ServiceMetrics? = nil
    ) throws {
        let flow = try Self.file("maf-v1")
        let mixture = try Self.file("mdn-v1")
        let repository = ModelRepository(models: [
            .init(name: "flow", version: 1, file: flow),
            .init(name: "flow", version: 3, file: flow, evaluation: Array(#"{"c2st":0.5}"#.utf8)),
            .init(name: "mixture", version: 2, file: mixture),
        ])
        service = PosteriorService(
            repository: repository,
            limits: limits,
            readiness: readiness,
            access: access,
            metrics: metrics
        )
    }

    /// Any service.
    init(service: PosteriorService) {
        self.service = service
    }

    /// One model, called `model`, from a fixture.
    init(fixture: String) throws {
        let file = try Self.file(fixture)
        service = PosteriorService(
            repository: ModelRepository(models: [.init(name: "model", version: 1, file: file)]),
            limits: ServiceLimits(),
            readiness: Readiness()
        )
    }

    /// A model with the posterior z = (2 θ₀ − 1, θ₁ / 2 + 3) ~ N(0, I), whatever the x of shape [4];
    /// a `.truncated` one has the prior's box −10…10 × −6…14.
    init(gaussian support: PosteriorSupport) throws {
        let prior: DistributionDescription =
            support == .truncated
            ? .boxUniform(lower: [-10, -6], upper: [10, 14])
            : .diagonalNormal(mean: [0, 0], standardDeviation: [1, 1])
        let posterior = try Posterior(
            architecture: .flow(FlowArchitecture(transforms: [.elementwiseAffine])),
            prior: prior,
            support: support,
            thetaDim: 2,
            xDim: 4,
            tensors: [
                "transforms.0.scale": Tensor(shape: [2], values: [2, 0.5]),
                "transforms.0.shift": Tensor(shape: [2], values: [-1, 3]),
                "standardization.theta_scale": Tensor(shape: [2], values: [1, 1]),
                "standardization.theta_shift": Tensor(shape: [2], values: [0, 0]),
                "standardization.x_mean": Tensor(shape: [4], values: [0, 0, 0, 0]),
                "standardization.x_standard_deviation": Tensor(shape: [4], values: [1, 1, 1, 1]),
            ]
        )
        let metadata = try Self.file("mdn-v1").metadata
        let file = ModelFile(metadata: metadata, posterior: posterior)
        service = PosteriorService(
            repository: ModelRepository(models: [.init(name: "gaussian", version: 1, file: file)]),
            limits: ServiceLimits(),
            readiness: Readiness()
        )
    }

    private static func file(_ name: String) throws -> ModelFile {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = "ModelStoreTests/Fixtures/\(name).safetensors"
        return try ModelFile(bytes: Array(Data(contentsOf: tests.appending(path: path))))
    }

    struct Answer {
        let response: ServerResponse
        var status: Int { response.head.status.code }
        var text: String { String(decoding: response.body, as: UTF8.self) }

        func json() throws -> JSONFields {
            try JSONField(JSONDocument(parsing: response.body).root, path: "").object()
        }

        func error() throws -> (code: String, message: String, field: String?) {
            let error = try json().required("error", expected: "").object()
            return (
                try error.required("code", expected: "").string(),
                try error.required("message", expected: "").string(),
                try error.optional("field")?.string()
            )
        }

        /// The message of an error, whether it is an object or, below `/v2`, a text.
        func message() throws -> String {
            let field = try json().required("error", expected: "")
            return field.value.kind == .string ? try field.string() : try error().message
        }

        func results() throws -> [JSONFields] {
            try json().required("results", expected: "").elements().map { try $0.object() }
        }
    }

    static func context(_ request: HTTPRequest) -> RequestContext {
        RequestContext(request, random: (1, 2))
    }

    static func admitted(_ request: HTTPRequest, _ body: String) -> AdmittedRequest {
        AdmittedRequest(request, body: Array(body.utf8), context: context(request))
    }

    func get(_ path: String, method: HTTPRequest.Method = .get) -> Answer {
        send(HTTPRequest(method: method, scheme: "http", authority: "test", path: path), body: nil)
    }

    func post(_ path: String, _ body: String, type: String? = "application/json") -> Answer {
        post(path, bytes: Array(body.utf8), type: type)
    }

    func post(_ path: String, bytes: [UInt8], type: String? = "application/json") -> Answer {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "test", path: path)
        request.headerFields[.contentType] = type
        request.headerFields[.contentLength] = String(bytes.count)
        return send(request, body: bytes)
    }

    func send(
        _ request: HTTPRequest,
        body: [UInt8]?,
        idleWorkers: Int = 0,
        cancellation: Cancellation = Cancellation()
    ) -> Answer {
        var context = Self.context(request)
        let admission = service.admit(
            request,
            hasBody: body.map { !$0.isEmpty } ?? false,
            hasLength: body != nil,
            context: &context
        )
        switch admission {
        case .respond(let response):
            return Answer(response: response)
        case .compute:
            return Answer(
                response: service.compute(
                    AdmittedRequest(request, body: body ?? [], context: context),
                    idleWorkers: idleWorkers,
                    cancellation: cancellation
                )
            )
        }
    }
}
