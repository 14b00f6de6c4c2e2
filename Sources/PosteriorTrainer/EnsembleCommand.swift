import ArgumentParser
import Estimators
import Foundation
import ModelStore

/// Joins trained models into one.
struct EnsembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ensemble",
        abstract: "Join trained models into their equal-weight mixture.",
        discussion: """
            The models must have the same prior, parameters and observations:

              posterior-trainer ensemble models/a/1 models/b/1 --output models/ensemble/1
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Two models or more, each a folder NAME/VERSION or a model.safetensors.",
            valueName: "model"
        )
    )
    var models: [String]

    @Option(help: ArgumentHelp("The folder of the new model.", valueName: "dir/name/version"))
    var output: String

    @Flag(help: "Replace the model if it is there.")
    var force = false

    func validate() throws {
        guard models.count > 1 else { throw ValidationError("ensemble needs two models or more") }
        _ = try ModelDestination(flag: output)
    }

    func run() throws {
        let destination = try ModelDestination(flag: output)
        var files: [ModelFile] = []
        for path in models {
            let isFolder = !path.hasSuffix(".safetensors")
            let file = isFolder ? "\(path)/\(ModelFile.fileName)" : path
            do {
                files.append(try ModelFile(path: file))
            } catch {
                throw CommandFailure("\(file): \(error)")
            }
        }
        let first = files[0].metadata
        for (path, file) in zip(models, files) {
            guard file.metadata.theta == first.theta else {
                throw CommandFailure("\(path): its parameters are not those of \(models[0])")
            }
            guard file.metadata.x == first.x else {
                throw CommandFailure("\(path): its observations are not those of \(models[0])")
            }
        }
        let posterior: Posterior
        do {
            posterior = try Posterior(ensemble: files.map(\.posterior))
        } catch {
            throw CommandFailure("the models do not fit each other: \(error)")
        }
        try destination.prepare(force: force, resumes: false)
        try ModelDirectory.create(destination.directory)
        try ModelFile(
            metadata: ModelMetadata(
                summary: first.summary,
                theta: first.theta,
                x: first.x,
                dataScale: first.dataScale
            ),
            posterior: posterior
        ).write(to: destination.modelPath)
        print("\(destination.modelPath): an ensemble of \(files.count)")
    }
}
