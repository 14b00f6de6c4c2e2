import ArgumentParser
import Estimators
import Foundation

/// The command line of the trainer.
@main
struct PosteriorTrainer: ParsableCommand {
    /// The release, as model files record it.
    static let release = "0.1.0"
    /// The software, as model files and reports name it.
    static let software = "posterior-server \(release)"

    static let configuration = CommandConfiguration(
        commandName: "posterior-trainer",
        abstract: "Train neural posterior estimators for posterior-server.",
        discussion: """
            A first model, trained and ready to serve in about a minute:

              posterior-trainer train --task two_moons --estimator mdn
              posterior-server

            Models are written to models/NAME/VERSION/model.safetensors, where the server looks \
            for them.
            """,
        version: release,
        subcommands: [
            TasksCommand.self, SimulateCommand.self, TrainCommand.self, EnsembleCommand.self,
            BenchmarkCommand.self,
            InspectCommand.self,
        ]
    )

    /// Runs the command the arguments name, unless the processor lacks what the kernels need.
    static func main() {
        if let feature = ProcessorRequirement.missingFeature() {
            exit(
                withError: CommandFailure(
                    "this processor has no \(feature), which posterior-trainer needs"
                )
            )
        }
        main(nil)
    }
}
