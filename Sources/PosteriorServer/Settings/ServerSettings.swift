import PosteriorAPI

/// All that can be set, with its defaults; `Setting.all` says how each is named and checked.
struct ServerSettings: Sendable {
    var models = "models"
    var host = "127.0.0.1"
    var port = 8080
    var tlsCertificate: String?
    var tlsKey: String?
    var tlsClientCA: String?
    var workers: Int?
    var bodyLimit = ServiceLimits().bodyBytes
    var timeLimit = Int(ServiceLimits().computeTime.components.seconds)
    var evaluationLimit = ServiceLimits().evaluations
    var drainDelay = 5
    var drainTimeout = 20
    var apiKeys: String?
    var apiKeyRing: String?
    var insecure = false
    var logFormat = LogFormat.auto.rawValue
    var logLevel = "info"
    var limits = LimitSettings()
}
