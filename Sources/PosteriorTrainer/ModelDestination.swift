import ArgumentParser
import Foundation
import ModelStore

/// Where a training run writes: `DIRECTORY/NAME/VERSION`, and a checkpoint beside it.
struct ModelDestination {
    /// The folder of the version.
    let directory: String
    /// The folders above it that were not there at first, the lowest first.
    private let missingFolders: [String]

    /// The model file.
    var modelPath: String { "\(directory)/\(ModelFile.fileName)" }
    /// A request body to try the model with.
    var examplePath: String { "\(directory)/example.json" }
    /// The state of a run that is not finished.
    var checkpointPath: String { "\(directory).checkpoint" }
    /// The folder of the model's versions.
    var parentDirectory: String {
        URL(fileURLWithPath: directory).deletingLastPathComponent().path
    }
    /// The name the server gives the model.
    var modelName: String { directoryParts.name }

    /// The last two parts of the path.
    private var directoryParts: (name: String, version: String) {
        let url = URL(fileURLWithPath: directory)
        return (url.deletingLastPathComponent().lastPathComponent, url.lastPathComponent)
    }

    /// A picture of the course of training, of a member of an ensemble if it has a number.
    func curvePath(ofMember number: Int?) -> String {
        "\(directory)/training\(number.map { "-\($0)" } ?? "").svg"
    }

    /// The destination a flag names.
    ///
    /// - Throws: `ValidationError` when the server would not find a model there.
    init(flag path: String) throws {
        directory = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        missingFolders = Self.missingFolders(above: directory)
        guard ModelName.version(directoryParts.version) != nil,
            ModelName.isValid(directoryParts.name)
        else {
            throw ValidationError(
                """
                --output \(path): expected DIRECTORY/NAME/VERSION with a version of 1, 2, 3, … \
                such as models/two_moons/1
                """
            )
        }
    }

    /// The first free version of a model under `models`, or, to resume, the last with a checkpoint.
    ///
    /// - Throws: `CommandFailure` when there is nothing to resume.
    init(model name: String, resumes: Bool) throws {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "models/\(name)")) ?? []
        if resumes {
            let versions = files.filter { $0.hasSuffix(".checkpoint") }
                .compactMap { ModelName.version(String($0.dropLast(".checkpoint".count))) }
            guard let last = versions.max() else {
                throw CommandFailure("--resume: there is no checkpoint in models/\(name)")
            }
            directory = "models/\(name)/\(last)"
        } else {
            let last = files.compactMap { ModelName.version($0) }.max() ?? 0
            directory = "models/\(name)/\(last + 1)"
        }
        missingFolders = Self.missingFolders(above: directory)
    }

    /// Checks that nothing is overwritten by accident, and makes the folder above the version.
    func prepare(force: Bool, resumes: Bool) throws {
        let files = FileManager.default
        guard force || resumes || !files.fileExists(atPath: modelPath) else {
            throw CommandFailure(
                "--output \(directory): there is a model already; --force replaces it"
            )
        }
        guard force || resumes || !files.fileExists(atPath: checkpointPath) else {
            throw CommandFailure(
                """
                \(checkpointPath) is left of an earlier run; --resume goes on from it, --force \
                starts afresh
                """
            )
        }
        try ModelDirectory.create(parentDirectory)
    }

    /// Removes the folders that `prepare` made and that are still empty.
    func removeEmptyFolders() {
        let files = FileManager.default
        for folder in missingFolders {
            guard let names = try? files.contentsOfDirectory(atPath: folder), names.isEmpty else {
                return
            }
            try? files.removeItem(atPath: folder)
        }
    }

    /// The folders above a version that are not there yet, the lowest first.
    private static func missingFolders(above directory: String) -> [String] {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: directory).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        return missing
    }
}
