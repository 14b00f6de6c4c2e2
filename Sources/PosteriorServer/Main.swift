import ArgumentParser
import Estimators
@unsafe @preconcurrency import Glibc
import HTTPServing
import Logging
import ModelStore
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
            """,
        version: "0.1.0"
    )

    @Option(help: ArgumentHelp("Where the models are.", valueName: "directory"))
    var models = "models"

    @Option(help: ArgumentHelp("Address or host name to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 picks a free one.", valueName: "number"))
    var port: UInt16 = 8080

    @Option(
        help: ArgumentHelp("Threads that compute; by default one a core.", valueName: "count")
    )
    var workers: Int?

    @Option(
        help: ArgumentHelp("Longest request body, in bytes.", valueName: "bytes")
    )
    var bodyLimit = ServiceLimits().bodyBytes

    @Option(
        help: ArgumentHelp(
            "How long a map, credible, fisher, attack or robustness request may compute.",
            valueName: "seconds"
        )
    )
    var timeLimit = Int(ServiceLimits().computeTime.components.seconds)

    @Option(
        help: ArgumentHelp(
            """
            Most draws and densities a map, credible, fisher, attack or robustness request may have \
            worked out: of an attack, observations × restarts × steps × draws.
            """,
            valueName: "count"
        )
    )
    var evaluationLimit = ServiceLimits().evaluations

    @Option(
        help: ArgumentHelp(
            "How long to go on serving after SIGTERM while /v2/health/ready says no.",
            valueName: "seconds"
        )
    )
    var drainDelay = 5

    @Option(
        help: ArgumentHelp(
            "How long requests in progress may then take to finish.",
            valueName: "seconds"
        )
    )
    var drainTimeout = 20

    func validate() throws {
        if let workers, !(1...1024).contains(workers) {
            throw ValidationError("--workers \(workers): expected 1 to 1024.")
        }
        guard (1...(1 << 30)).contains(bodyLimit) else {
            throw ValidationError("--body-limit \(bodyLimit): expected 1 to \(1 << 30).")
        }
        guard (1...3600).contains(timeLimit) else {
            throw ValidationError("--time-limit \(timeLimit): expected 1 to 3600.")
        }
        guard (1...1_000_000_000_000).contains(evaluationLimit) else {
            throw ValidationError(
                "--evaluation-limit \(evaluationLimit): expected 1 to 1000000000000."
            )
        }
        guard (0...3600).contains(drainDelay), (0...3600).contains(drainTimeout) else {
            throw ValidationError("--drain-delay and --drain-timeout: expected 0 to 3600.")
        }
    }

    func run() throws {
        if let feature = ProcessorRequirement.missingFeature() {
            throw Failure("posterior-server needs a processor with \(feature).")
        }
        // Lines appear at once, also when they go to a file or a pipe.
        unsafe setlinebuf(stdout)
        let shutdown = Shutdown(
            delay: .seconds(drainDelay),
            timeout: .seconds(drainTimeout)
        )
        // Before the models are read, so that a slow start can be stopped.
        let signals = TerminationSignal { count in shutdown.signalled(count) }
        defer { withExtendedLifetime(signals) {} }

        let repository = try readModels()
        var limits = ServiceLimits()
        limits.bodyBytes = bodyLimit
        limits.computeTime = .seconds(timeLimit)
        limits.evaluations = evaluationLimit
        let service = PosteriorService(
            repository: repository,
            limits: limits,
            readiness: shutdown.readiness
        )
        var configuration = HTTPServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.workerCount = workers
        let server = HTTPServer(configuration: configuration, service: service)
        let address: BoundAddress
        do throws(HTTPServerError) {
            address = try server.start()
        } catch {
            throw Failure(Self.explain(error, host: host, port: port))
        }
        for model in repository.models {
            let posterior = model.file.posterior
            print(
                "serving \(model.name) version \(model.version): \(posterior.thetaDim) parameters"
                    + " given \(posterior.xDim) numbers"
            )
        }
        print("listening on http://\(address)")
        shutdown.started(server)
        guard server.waitUntilStopped() else {
            throw Failure("stopped; requests that took too long were cut off")
        }
        print("stopped")
    }

    private func readModels() throws -> ModelRepository {
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

    private static func explain(_ error: HTTPServerError, host: String, port: UInt16) -> String {
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
