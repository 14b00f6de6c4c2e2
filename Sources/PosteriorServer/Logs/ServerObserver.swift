import CoreMetrics
import Glibc
import HTTPMessages
import HTTPServing
import HTTPTypes
import Logging
import OperatingSystem
import PosteriorAPI
import SystemFiles

/// Records what happens on the server's connections, in metrics and in the access log.
struct ServerObserver: HTTPServerObserver {
    private let metrics: ServiceMetrics
    private let log: ServerLog
    private let scheme: String
    private let accepted: Counter
    private let refused: Counter
    private let handshakes: [TLSOutcome: Counter]

    init(metrics: ServiceMetrics, log: ServerLog, scheme: String) {
        self.metrics = metrics
        self.log = log
        self.scheme = scheme
        func connections(_ outcome: String) -> Counter {
            Counter(
                label: "posterior_http_connection_attempts_total",
                dimensions: [("outcome", outcome)],
                factory: metrics.registry
            )
        }
        accepted = connections("accepted")
        refused = connections("refused")
        handshakes = Dictionary(
            uniqueKeysWithValues: TLSOutcome.allCases.map { outcome in
                let counter = Counter(
                    label: "posterior_tls_handshakes_total",
                    dimensions: [("result", outcome.rawValue)],
                    factory: metrics.registry
                )
                return (outcome, counter)
            }
        )
    }

    func happened(_ event: HTTPServerEvent) {
        switch event {
        case .opened: accepted.increment()
        case .closed: break
        case .refused: refused.increment()
        case .tls(let outcome, let peer):
            handshakes[outcome]?.increment()
            let isGood = outcome == .completed || outcome == .resumed
            log.logger.log(
                level: isGood ? .debug : .info,
                "TLS handshake",
                metadata: ["remote": "\(peer)", "result": "\(outcome.rawValue)"]
            )
        case .acceptFailed(let code):
            Counter(
                label: "posterior_accept_errors_total",
                dimensions: [("error", Self.name(ofError: code))],
                factory: metrics.registry
            ).increment()
            log.logger.warning("a connection was not accepted: \(errorText(code))")
        }
    }

    func answered(_ exchange: HTTPExchange) {
        let context = exchange.context
        metrics.answered(
            route: context.route,
            method: exchange.request?.method.rawValue,
            status: exchange.status,
            bytesIn: exchange.bytesIn,
            bytesOut: exchange.bytesOut,
            total: exchange.total
        )
        if let reason = Self.rejection(exchange) { metrics.rejected(reason) }
        if let model = context.model, let version = context.version,
            exchange.request?.method == .post
        {
            let model = metrics.model(model, version: version)
            model.count(ModelMetrics.Outcome(status: exchange.status))
            model.worked(waiting: exchange.work.waiting, computing: exchange.work.computing)
        }
        let level = Self.level(exchange)
        if log.isOn(level) { log.sink.append(line(exchange, level)) }
    }

    private func line(_ exchange: HTTPExchange, _ level: Logger.Level) -> [UInt8] {
        let context = exchange.context
        var line = LogLine(json: log.isJSON, level: level.rawValue, message: "request")
        line.add("request_id", context.id)
        if let trace = context.trace {
            line.add("trace_id", trace.traceText)
            line.add("span_id", trace.spanText)
        }
        line.add("remote", exchange.peer.description)
        line.add("scheme", scheme)
        line.add("method", exchange.request?.method.rawValue)
        line.add("route", context.route)
        if log.isOn(.debug), let path = exchange.request?.path {
            line.add("path", String(path.prefix { $0 != "?" }.prefix(256)))
        }
        line.add("status", exchange.status)
        line.add("bytes_in", exchange.bytesIn)
        line.add("bytes_out", exchange.bytesOut)
        if exchange.work.computing > .zero {
            line.add(milliseconds: "queue_ms", exchange.work.waiting)
            line.add(milliseconds: "compute_ms", exchange.work.computing)
        }
        line.add(milliseconds: "total_ms", exchange.total)
        line.add("model", context.model)
        line.add("version", context.version)
        line.add("key_id", context.client)
        line.add("certificate", context.certificate)
        if let refusal = exchange.refusal { line.add("reason", refusal.message) }
        return line.finish()
    }

    /// Probes and scrapes come all the time and tell nothing while they succeed.
    private static func level(_ exchange: HTTPExchange) -> Logger.Level {
        switch exchange.status {
        case 500: return .error
        case 501...: return .warning
        case 400...: return .info
        default: break
        }
        switch exchange.context.route {
        case "/v2/health/live", "/v2/health/ready", "/metrics": return .debug
        default: return .info
        }
    }

    /// Why a request was refused, if it was.
    private static func rejection(_ exchange: HTTPExchange) -> ServiceMetrics.Rejection? {
        switch exchange.status {
        case 401: return .auth
        case 403: return .forbidden
        case 408: return .timeout
        case 413: return .bodyLimit
        case 414, 431: return .headerLimit
        case 429: return .rate
        default: break
        }
        switch exchange.refusal {
        case nil: return nil
        case .computeTimeout: return .deadline
        case .overloaded: return .overloaded
        default: return .framing
        }
    }

    /// The name of an error number as a label; a fixed set.
    private static func name(ofError code: Int32) -> String {
        switch code {
        case EMFILE: "emfile"
        case ENFILE: "enfile"
        case ENOBUFS: "enobufs"
        case ENOMEM: "enomem"
        case ECONNABORTED: "aborted"
        default: "other"
        }
    }
}
