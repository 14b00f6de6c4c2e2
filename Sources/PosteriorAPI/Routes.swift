import Credentials
import HTTPTypes

/// What a path stands for.
enum Endpoint: Sendable, Equatable {
    /// Something to GET: encoded beforehand, answered at once.
    case page(Page)
    /// Something to POST to: reads a body and computes.
    case call(Call)

    enum Page: Sendable {
        case live
        case ready
        case models
        case card
        case metrics
        case openAPI
    }

    enum Call: Sendable {
        case sample
        case logProb
        case map
        case credible
        case fisher
        case attack
        case robustness
    }
}

extension Endpoint {
    private static let pageMethods: [HTTPRequest.Method] = [.get, .head, .options]
    private static let callMethods: [HTTPRequest.Method] = [.post, .options]

    /// The methods it answers to, as `Allow` lists them.
    var allowedMethods: [HTTPRequest.Method] {
        switch self {
        case .page: Self.pageMethods
        case .call: Self.callMethods
        }
    }

    /// The scope a key needs for it; nil for what is open to everybody, so that probes come
    /// through.
    var scope: Scope? {
        switch self {
        case .page(.live), .page(.ready): nil
        case .page(.models), .page(.card), .page(.openAPI): .infer
        case .page(.metrics): .metrics
        case .call: .infer
        }
    }
}

/// A path and what it stands for.
///
/// `{…}` is one segment.
struct Route: Sendable {
    let path: String
    let endpoint: Endpoint

    static func get(_ path: String, _ page: Endpoint.Page) -> Route {
        Route(path: path, endpoint: .page(page))
    }

    static func post(_ path: String, _ call: Endpoint.Call) -> Route {
        Route(path: path, endpoint: .call(call))
    }

    /// The API on one screen.
    ///
    /// HEAD is allowed where GET is, OPTIONS everywhere.
    static let all: [Route] = [
        .get("/v2/health/live", .live),
        .get("/v2/health/ready", .ready),
        .get("/metrics", .metrics),
        .get("/openapi.json", .openAPI),
        .get("/v1/models", .models),
        .get("/v1/models/{model}", .card),
        .get("/v1/models/{model}/versions/{version}", .card),
        .post("/v1/models/{model}/sample", .sample),
        .post("/v1/models/{model}/versions/{version}/sample", .sample),
        .post("/v1/models/{model}/log_prob", .logProb),
        .post("/v1/models/{model}/versions/{version}/log_prob", .logProb),
        .post("/v1/models/{model}/map", .map),
        .post("/v1/models/{model}/versions/{version}/map", .map),
        .post("/v1/models/{model}/credible", .credible),
        .post("/v1/models/{model}/versions/{version}/credible", .credible),
        .post("/v1/models/{model}/fisher", .fisher),
        .post("/v1/models/{model}/versions/{version}/fisher", .fisher),
        .post("/v1/models/{model}/attack", .attack),
        .post("/v1/models/{model}/versions/{version}/attack", .attack),
        .post("/v1/models/{model}/robustness", .robustness),
        .post("/v1/models/{model}/versions/{version}/robustness", .robustness),
    ]
}
