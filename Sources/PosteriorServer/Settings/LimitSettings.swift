import HTTPMessages
import HTTPServing
import PosteriorAPI

/// The settings that bound what a peer may ask of the server; times are in seconds.
struct LimitSettings: Sendable {
    private static let server = HTTPServerConfiguration()

    var connections = Self.server.connectionLimit
    /// Zero for no limit.
    var connectionsPerAddress = Self.server.connectionLimitPerAddress ?? 0
    var requestsPerConnection = Self.server.limits.requestsPerConnection
    var queue = Self.server.queueLimit
    var queueBytes = Self.server.queueLimitBytes
    var queueTime = Self.seconds(Self.server.queueTimeout)
    var requestTime = Self.seconds(Self.server.limits.computeTimeout)
    var headerTime = Self.seconds(Self.server.limits.headerTimeout)
    var bodyTime = Self.seconds(Self.server.limits.bodyInactivityTimeout)
    var bodyRate = Self.server.limits.bodyBytesPerSecond
    var writeTime = Self.seconds(Self.server.limits.writeStallTimeout)
    var idleTime = Self.seconds(Self.server.limits.idleTimeout)
    var closeTime = Self.seconds(Self.server.limits.closeTimeout)
    var requestLineBytes = Self.server.limits.requestLineBytes
    var headerBytes = Self.server.limits.headerSectionBytes
    var headerCount = Self.server.limits.fieldLineCount
    /// Zero for no limit.
    var failedKeys = Self.server.failedKeyLimit ?? 0
    /// Zero for no limit.
    var clientRequests = 0
    /// Zero for no limit.
    var clientWork = 0
    var clientBurst = 10_000
    var draws = ServiceLimits().draws
    var observations = ServiceLimits().observations
    var numbers = ServiceLimits().numbers
    var streamedDraws = ServiceLimits().streamedDraws
    var streamedNumbers = ServiceLimits().streamedNumbers
    /// Names separated by commas.
    var allowedHosts: String?
    var ioThreads: Int?
    var ioPriority = Self.server.ioPriority.rawValue

    private static func seconds(_ duration: Duration) -> Int { Int(duration.components.seconds) }

    /// Sets what belongs to the server.
    func apply(to configuration: inout HTTPServerConfiguration) {
        configuration.loopCount = ioThreads
        configuration.ioPriority = IOPriority(rawValue: ioPriority) ?? .realTime
        configuration.connectionLimit = connections
        configuration.connectionLimitPerAddress =
            connectionsPerAddress == 0 ? nil : connectionsPerAddress
        configuration.queueLimit = queue
        configuration.queueLimitBytes = queueBytes
        configuration.queueTimeout = .seconds(queueTime)
        configuration.failedKeyLimit = failedKeys == 0 ? nil : failedKeys
        configuration.clientRequestLimit = clientRequests == 0 ? nil : clientRequests
        configuration.clientBudget =
            clientWork == 0
            ? nil
            : ClientBudget(millisecondsPerSecond: clientWork, burstMilliseconds: clientBurst)
        configuration.limits.requestsPerConnection = requestsPerConnection
        configuration.limits.computeTimeout = .seconds(requestTime)
        configuration.limits.headerTimeout = .seconds(headerTime)
        configuration.limits.bodyInactivityTimeout = .seconds(bodyTime)
        configuration.limits.bodyBytesPerSecond = bodyRate
        configuration.limits.writeStallTimeout = .seconds(writeTime)
        configuration.limits.idleTimeout = .seconds(idleTime)
        configuration.limits.closeTimeout = .seconds(closeTime)
        configuration.limits.requestLineBytes = requestLineBytes
        configuration.limits.headerSectionBytes = headerBytes
        configuration.limits.fieldLineCount = headerCount
        configuration.limits.allowedHosts = Set(
            (allowedHosts ?? "").split(separator: ",").map { name in
                name.filter { $0 != " " }.lowercased()
            }
        )
    }

    /// Sets what belongs to the service.
    func apply(to limits: inout ServiceLimits) {
        limits.draws = draws
        limits.observations = observations
        limits.numbers = numbers
        limits.streamedDraws = streamedDraws
        limits.streamedNumbers = streamedNumbers
    }
}
