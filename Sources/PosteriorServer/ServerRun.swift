import CoreMetrics
import Estimators
import Glibc
import HTTPServing
import Logging
import MetricsExposition
import ModelStore
import OperatingSystem
import PosteriorAPI

/// A run of the server, from its settings to its end.
struct ServerRun {
    private let effective: EffectiveSettings
    private let settings: ServerSettings
    private let log: ServerLog
    private let logger: Logger

    init(_ effective: EffectiveSettings) {
        self.effective = effective
        settings = effective.settings
        log = ServerLog(settings)
        logger = log.logger
    }

    /// Reads all that would be used.
    ///
    /// - Throws: `Failure` for the first thing that cannot be used.
    func check() throws {
        defer { log.sink.close() }
        warn()
        _ = try readModels()
        _ = try KeySource.load(settings)
        _ = try TransportSecurity(settings)
    }

    /// Serves until a signal ends it.
    func run() throws {
        defer { log.sink.close() }
        do {
            try serve()
        } catch {
            // A terminal shows what the program ends with anyway.
            if !log.sink.isTerminal { logger.error("\(error)") }
            throw error
        }
    }

    private func serve() throws {
        let shutdown = Shutdown(
            delay: .seconds(settings.drainDelay),
            timeout: .seconds(settings.drainTimeout),
            log: log
        )
        // Before the models are read, so that a slow start can be stopped.
        let signals = TerminationSignal { count in shutdown.signalled(count) }
        let watch = ReloadWatch(interval: settings.reloadInterval)
        defer { withExtendedLifetime((signals, watch)) {} }

        show()
        warn()
        let security = try TransportSecurity(settings)
        let scheme = security == nil ? "http" : "https"
        let metrics = ServiceMetrics(MetricsRegistry(ServiceMetrics.definitions))
        let models = try readModels(metrics)
        let (access, keys) = try KeySource.load(settings)
        let service = PosteriorService(
            models: models,
            limits: limits,
            readiness: shutdown.readiness,
            access: access,
            metrics: metrics
        )
        let isProtected = access.isOn || settings.tlsClientCA != nil
        let server = HTTPServer(
            configuration: configuration(security, isProtected: isProtected),
            service: CodedService(service, decodedBytes: limits.decodedBytes),
            observer: ServerObserver(metrics: metrics, log: log, scheme: scheme)
        )
        ProcessMetrics(metrics.registry, server, shutdown.readiness, log).register()
        let address: BoundAddress
        do throws(HTTPServerError) {
            address = try server.start()
        } catch {
            throw Failure(Self.explain(error, settings))
        }
        if settings.insecure, !isProtected {
            logger.warning("anybody who reaches this address may ask for anything")
        }
        logger.notice("listening on \(scheme)://\(address)")
        let reload = Reload(
            keys: keys,
            security: security,
            models: models,
            metrics: metrics,
            logger: logger
        )
        watch.start { occasion in reload.run(occasion) }
        ServiceManager.notify("READY=1")
        Watchdog.start(server)
        FreedMemory.startGivingBack()
        shutdown.started(server)
        guard server.waitUntilStopped() else {
            throw Failure("stopped; requests that took too long were cut off")
        }
        logger.notice("stopped")
    }

    private var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.bodyBytes = settings.bodyLimit
        limits.computeTime = .seconds(settings.timeLimit)
        limits.evaluations = settings.evaluationLimit
        settings.limits.apply(to: &limits)
        return limits
    }

    private func configuration(
        _ security: TransportSecurity?,
        isProtected: Bool
    ) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.credentials = security?.credentials
        configuration.host = settings.host
        configuration.port = UInt16(settings.port)
        configuration.workerCount = settings.workers
        settings.limits.apply(to: &configuration)
        configuration.inheritedListeners = ServiceManager.takeListeners()
        configuration.requiresLoopback = !isProtected && !settings.insecure
        return configuration
    }

    private func readModels(_ metrics: ServiceMetrics? = nil) throws(Failure) -> ServedModels {
        let directory = settings.models
        let models: ServedModels
        do throws(ModelFileError) {
            models = try ServedModels(
                directory: directory,
                control: ModelControl(rawValue: settings.modelControl) ?? .none,
                initial: settings.loadModels == "*"
                    ? nil : settings.loadModels?.split(separator: ",").map(String.init) ?? [],
                loopTime: limits.loopTime,
                metrics: metrics
            )
        } catch {
            throw Failure(
                "The models directory \(directory) cannot be read: \(error). Name another with"
                    + " --models."
            )
        }
        Reload.log(models.firstReport, logger)
        guard models.control == .explicit || !models.firstReport.added.isEmpty else {
            throw Failure(
                "There is no model to serve in \(directory): expected"
                    + " \(directory)/NAME/VERSION/\(ModelFile.fileName)."
            )
        }
        return models
    }

    /// Says which settings are in force that were set, secrets masked.
    private func show() {
        for row in effective.rows where row.source != .standard {
            logger.info(
                "\(row.setting.name) is \(row.value?.description ?? "") (\(row.source.rawValue))"
            )
        }
    }

    private func warn() {
        for warning in effective.warnings { logger.warning("\(warning)") }
    }

    private static func explain(_ error: HTTPServerError, _ settings: ServerSettings) -> String {
        let (host, port) = (settings.host, settings.port)
        if case .system(_, EADDRINUSE) = error {
            return "Port \(port) of \(host) is in use; name another with --port."
        }
        if case .system(_, EACCES) = error {
            return "Port \(port) may not be used without privileges; name one above 1023."
        }
        if case .notLoopback(let address) = error {
            return "\(address) can be reached from elsewhere, and anybody might ask for anything:"
                + " ask for keys with --api-keys, or say --insecure."
        }
        return "Cannot listen on \(host), port \(port). \(error)"
    }
}
