import ArgumentParser
import Distributions
import Estimators
import Foundation
import ModelStore

/// Prints what a model file says about its posterior.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Print the model card of a model file.",
        discussion:
            "The file is checked as the server checks it; a bad one is refused with a reason."
    )

    @Argument(
        help: ArgumentHelp(
            "A model.safetensors, or a folder: NAME/VERSION, or NAME for its last version.",
            valueName: "file-or-directory"
        )
    )
    var path: String

    @Flag(help: "Print the metadata as the JSON document the file holds.")
    var json = false

    func run() throws {
        let path = try ModelFile.path(namedByFlag: path)
        let file: ModelFile
        do {
            file = try ModelFile(path: path)
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
        if json {
            print(String(decoding: file.metadataJSON(), as: UTF8.self))
        } else {
            print(ModelCard(path: path, file: file))
        }
    }
}

extension ModelFile {
    /// The model file that a path leads to: the file, the folder of a version, or that of a model,
    /// whose last version counts.
    ///
    /// - Throws: `CommandFailure` when there is none.
    static func path(namedByFlag path: String) throws -> String {
        let files = FileManager.default
        guard files.fileExists(atPath: path) else {
            throw CommandFailure("\(path): no such file or directory")
        }
        // A file has no contents as a directory.
        guard let names = try? files.contentsOfDirectory(atPath: path) else { return path }
        if names.contains(ModelFile.fileName) { return "\(path)/\(ModelFile.fileName)" }
        let versions = names.compactMap { ModelName.version($0) }
        guard let last = versions.max() else {
            throw CommandFailure("\(path): neither \(ModelFile.fileName) nor a version in it")
        }
        return "\(path)/\(last)/\(ModelFile.fileName)"
    }
}
