import ArgumentParser
import Estimators
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
        version: PosteriorService.release,
        subcommands: [MakeKeyCommand.self]
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
        if printConfig {
            print(effective.json)
            return
        }
        let server = ServerRun(effective)
        if checkConfig {
            try server.check()
            print("the configuration is good")
        } else {
            try server.run()
        }
    }
}

/// Why the program ends, in words for the person who started it.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
