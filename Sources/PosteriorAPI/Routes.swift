import Credentials
import HTTPTypes

/// What a path stands for.
enum Endpoint: Sendable, Equatable {
    /// Something to GET: encoded beforehand, answered at once.
    case page(Page)
    /// Something to POST to: reads a body and computes.
    case call(Call)
    /// Something to POST to that looks at or changes which models are served.
    case order(Order)

    enum Page: Sendable {
        case live
        case ready
        case models
        case card
        case metrics
        case openAPI
        case server
        case names
        case metadata
        case modelReady
        case statistics
        case allStatistics
    }

    enum Call: Sendable {
        case sample
        case logProb
        case map
        case credible
        case fisher
        case attack
        case robustness
        case infer
    }

    enum Order: Sendable {
        case index
        case load
        case unload
    }
}

extension Endpoint {
    private static let pageMethods: [HTTPRequest.Method] = [.get, .head, .options]
    private static let callMethods: [HTTPRequest.Method] = [.post, .options]

    /// The methods it answers to, as `Allow` lists them.
    var allowedMethods: [HTTPRequest.Method] {
        switch self {
        case .page: Self.pageMethods
        case .call, .order: Self.callMethods
        }
    }

    /// Whether it tells of the server's health, which is answered however full the server is.
    var isProbe: Bool { self == .page(.live) || self == .page(.ready) }

    /// Whether it searches, which may take seconds, rather than evaluates.
    var takesLong: Bool { self == .call(.attack) || self == .call(.robustness) }

    /// The scope a key needs for it; nil for what is open to everybody, so that probes come
    /// through.
    var scope: Scope? {
        switch self {
        case _ where isProbe: nil
        case .page(.metrics): .metrics
        case .page: .infer
        case .call: .infer
        case .order: .admin
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

    static func order(_ path: String, _ order: Endpoint.Order) -> Route {
        Route(path: path, endpoint: .order(order))
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
        .get("/", .server),
        .get("/v2", .server),
        .get("/v2/", .server),
        .get("/v2/models", .names),
        .get("/v2/models/stats", .allStatistics),
        .get("/v2/models/{model}", .metadata),
        .get("/v2/models/{model}/versions/{version}", .metadata),
        .get("/v2/models/{model}/ready", .modelReady),
        .get("/v2/models/{model}/versions/{version}/ready", .modelReady),
        .get("/v2/models/{model}/stats", .statistics),
        .get("/v2/models/{model}/versions/{version}/stats", .statistics),
        .post("/v2/models/{model}/infer", .infer),
        .post("/v2/models/{model}/versions/{version}/infer", .infer),
        .order("/v2/repository/index", .index),
        .order("/v2/repository/models/{model}/load", .load),
        .order("/v2/repository/models/{model}/unload", .unload),
    ]
}
