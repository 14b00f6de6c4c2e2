import ArgumentParser
import Estimators
@unsafe @preconcurrency import Glibc
import HTTPServing
import Logging
import ModelStore
import OperatingSystem
import PosteriorAPI

/// The server: reads models, listens, and ends in good order.
@main
struct PosteriorServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posterior-server",
        abstract: "Serve trained posteriors over HTTP.",
        discussion: """
            Reads models/NAME/VERSION/model.safetensors below the models directory and answers:

              GET  /v1/models                       the models
              GET  /v1/models/NAME                  all there is to know of one
              POST /v1/models/NAME/sample           draws, or a summary of them
              POST /v1/models/NAME/log_prob         log densities
              POST /v1/models/NAME/map              where the density is highest
              POST /v1/models/NAME/credible         which credible region theta is on the edge of
              POST /v1/models/NAME/fisher           how fast the posterior moves with x
              POST /v1/models/NAME/attack           the worst small perturbation that is found
              POST /v1/models/NAME/robustness       how far small perturbations move the posterior
              GET  /v2/health/live, /v2/health/ready

            A first request, while the server runs:

              curl -d '{"observation": [0.1, -0.2], "num_samples": 5}' \\
                http://127.0.0.1:8080/v1/models/two_moons/sample

            SIGTERM and Ctrl-C let requests in progress finish; a second one ends at once.

            Every setting can also be given in the environment, --drain-delay as \
            POSTERIOR_SERVER_DRAIN_DELAY, and in a file, as drain_delay. A flag comes before the \
            environment, the environment before the file.
            """,
        version: "0.1.0"
    )

    @Option(
        help: ArgumentHelp(
            """
            A JSON file with settings: the names below with underscores for dashes. \
            (environment: POSTERIOR_SERVER_CONFIG)
            """,
            valueName: "file"
        )
    )
    var config: String?

    @Flag(help: "Check all that would be used, and end: 0 when it is good, 1 when it is not.")
    var checkConfig = false

    @Flag(help: "Print the settings in force as a configuration file, secrets masked, and end.")
    var printConfig = false

    @OptionGroup(title: "Settings")
    var flags: SettingArguments

    /// The settings in force.
    private func effectiveSettings() throws -> EffectiveSettings {
        let file = config ?? ProcessEnvironment.value(ConfigurationFile.variable)
        do throws(SettingError) {
            return try EffectiveSettings(file: file, flags: flags)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        if let feature = ProcessorRequirement.missingFeature() {
            throw Failure("posterior-server needs a processor with \(feature).")
        }
        let effective = try effectiveSettings()
        let settings = effective.settings
        if printConfig {
            print(effective.json)
            return
        }
        // Lines appear at once, also when they go to a file or a pipe.
        unsafe setlinebuf(stdout)
        let shutdown = Shutdown(
            delay: .seconds(settings.drainDelay),
            timeout: .seconds(settings.drainTimeout)
        )
        // Before the models are read, so that a slow start can be stopped.
        let signals = TerminationSignal { count in shutdown.signalled(count) }
        let watch = ReloadWatch()
        defer { withExtendedLifetime((signals, watch)) {} }

        let repository = try readModels(settings.models)
        let security = try TransportSecurity(settings)
        show(effective)
        if checkConfig {
            print("the configuration is good")
            return
        }
        var limits = ServiceLimits()
        limits.bodyBytes = settings.bodyLimit
        limits.computeTime = .seconds(settings.timeLimit)
        limits.evaluations = settings.evaluationLimit
        settings.limits.apply(to: &limits)
        let service = PosteriorService(
            repository: repository,
            limits: limits,
            readiness: shutdown.readiness
        )
        var configuration = HTTPServerConfiguration()
        configuration.host = settings.host
        configuration.port = UInt16(settings.port)
        configuration.workerCount = settings.workers
        settings.limits.apply(to: &configuration)
        configuration.credentials = security?.credentials
        let server = HTTPServer(configuration: configuration, service: service)
        let address: BoundAddress
        do throws(HTTPServerError) {
            address = try server.start()
        } catch {
            throw Failure(Self.explain(error, settings))
        }
        for model in repository.models {
            let posterior = model.file.posterior
            print(
                "serving \(model.name) version \(model.version): \(posterior.thetaDim) parameters"
                    + " given \(posterior.xDim) numbers"
            )
        }
        print("listening on \(security == nil ? "http" : "https")://\(address)")
        watch.start { occasion in
            security?.reload(occasion, Logger(label: "posterior-server"))
        }
        shutdown.started(server)
        guard server.waitUntilStopped() else {
            throw Failure("stopped; requests that took too long were cut off")
        }
        print("stopped")
    }

    private func readModels(_ models: String) throws -> ModelRepository {
        let logger = Logger(label: "posterior-server")
        let repository: ModelRepository
        do throws(ModelFileError) {
            repository = try ModelRepository(scanning: models)
        } catch {
            throw Failure(
                "The models directory \(models) cannot be read: \(error). Name another with"
                    + " --models."
            )
        }
        for refusal in repository.refusals {
            logger.warning("refused \(refusal)")
        }
        guard !repository.models.isEmpty else {
            throw Failure(
                "There is no model to serve in \(models): expected"
                    + " \(models)/NAME/VERSION/\(ModelFile.fileName)."
            )
        }
        return repository
    }

    /// Says which settings are in force, those that were set and what they are.
    private func show(_ effective: EffectiveSettings) {
        for row in effective.rows where row.source != .standard {
            print("\(row.setting.name) is \(row.value?.description ?? "") (\(row.source.rawValue))")
        }
        let logger = Logger(label: "posterior-server")
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
        return "Cannot listen on \(host), port \(port). \(error)"
    }
}

/// Why the program ends, in words for the person who started it.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
