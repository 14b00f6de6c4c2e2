import CoreMetrics
import HTTPTypes
public import MetricsExposition
import Synchronization

/// What a service and its server record about themselves.
public final class ServiceMetrics: Sendable {
    /// Where everything is recorded and shown.
    public let registry: MetricsRegistry

    private let routes: [String: RouteMetrics]
    private let unmatched: RouteMetrics
    private let models = Mutex<[ModelKey: ModelMetrics]>([:])
    private let reasons: [String: Counter]

    private struct ModelKey: Hashable {
        let name: String
        let version: Int
    }

    /// Why a request was refused: every value of the label.
    public enum Rejection: String, CaseIterable, Sendable {
        /// The request was not HTTP as this server reads it.
        case framing
        /// Its header or its line was too long.
        case headerLimit = "header_limit"
        /// Its content was too long.
        case bodyLimit = "body_limit"
        /// It came too slowly.
        case timeout
        /// Its answer took too long.
        case deadline
        /// There was no room for it.
        case overloaded
        /// Its client asks for too much.
        case rate
        /// It had no valid key.
        case auth
        /// Its key does not allow it.
        case forbidden
    }

    /// Makes metrics in a registry of `definitions`; those of the routes begin at zero.
    public init(_ registry: MetricsRegistry) {
        self.registry = registry
        routes = Dictionary(
            Route.all.map { route in
                let methods = route.endpoint.allowedMethods.map(\.rawValue)
                return (route.path, RouteMetrics(route.path, methods: methods, registry))
            },
            uniquingKeysWith: { first, _ in first }
        )
        unmatched = RouteMetrics("unmatched", methods: ["GET", "POST"], registry)
        reasons = Dictionary(
            uniqueKeysWithValues: Rejection.allCases.map { reason in
                let counter = Counter(
                    label: "posterior_http_rejected_total",
                    dimensions: [("reason", reason.rawValue)],
                    factory: registry
                )
                return (reason.rawValue, counter)
            }
        )
    }

    /// Counts an answer.
    ///
    /// - Parameters:
    ///   - route: The template of its route, if it has one.
    ///   - method: Its method; whatever is none of HTTP's counts as `other`.
    ///   - status: Its status.
    ///   - bytesIn: Content received.
    ///   - bytesOut: Content sent.
    ///   - total: How long it took.
    public func answered(
        route: String?,
        method: String?,
        status: Int,
        bytesIn: Int,
        bytesOut: Int,
        total: Duration
    ) {
        let metrics = route.flatMap { routes[$0] } ?? unmatched
        metrics.requests(method: method, status: status).increment()
        metrics.duration.record(total.inSeconds)
        if bytesIn > 0 { metrics.bytesIn.increment(by: bytesIn) }
        if bytesOut > 0 { metrics.bytesOut.increment(by: bytesOut) }
    }

    /// Counts a request that was refused.
    public func rejected(_ reason: Rejection) { reasons[reason.rawValue]?.increment() }

    /// What is recorded of a model; the same for all that ask.
    public func model(_ name: String, version: Int) -> ModelMetrics {
        models.withLock { models in
            let key = ModelKey(name: name, version: version)
            let metrics = models[key] ?? ModelMetrics(name, version: version, registry)
            models[key] = metrics
            return metrics
        }
    }

    /// Forgets the models that are no longer there.
    public func keepModels(_ isServed: (_ name: String, _ version: Int) -> Bool) {
        models.withLock { models in
            for (key, metrics) in models where !isServed(key.name, key.version) {
                metrics.destroy()
                models[key] = nil
            }
        }
    }
}

/// What is recorded of one route.
final class RouteMetrics: Sendable {
    private static let known: Set<String> = [
        "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH",
    ]

    let duration: Recorder
    let bytesIn: Counter
    let bytesOut: Counter
    private let route: String
    private let registry: MetricsRegistry
    /// Counters by method and class of status, made when they are first needed.
    private let counters: Mutex<[String: [Counter?]]>

    init(_ route: String, methods: [String], _ registry: MetricsRegistry) {
        self.route = route
        self.registry = registry
        let own = [("route", route)]
        duration = Recorder(
            label: "posterior_http_request_duration_seconds",
            dimensions: own,
            aggregate: true,
            factory: registry
        )
        bytesIn = Counter(
            label: "posterior_http_request_body_bytes_total",
            dimensions: own,
            factory: registry
        )
        bytesOut = Counter(
            label: "posterior_http_response_body_bytes_total",
            dimensions: own,
            factory: registry
        )
        counters = Mutex([:])
        // What usually comes is there from the start, so that a rate sees the first of them.
        for method in methods where method == "GET" || method == "POST" {
            for status in [200, 400, 500] { _ = requests(method: method, status: status) }
        }
    }

    func requests(method: String?, status: Int) -> Counter {
        let name = method.flatMap { Self.known.contains($0) ? $0 : nil } ?? "other"
        let hundreds = min(max(status / 100, 1), 5)
        return counters.withLock { counters in
            if let counter = counters[name]?[hundreds] { return counter }
            let counter = Counter(
                label: "posterior_http_requests_total",
                dimensions: [
                    ("route", route), ("method", name), ("status", "\(hundreds)xx"),
                ],
                factory: registry
            )
            counters[name, default: [Counter?](repeating: nil, count: 6)][hundreds] = counter
            return counter
        }
    }
}

extension Duration {
    /// The duration as a number of seconds.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
