import StrictJSON
import SystemFiles

/// A models directory as it is on the disk at one time: `<name>/<version>/model.safetensors`.
///
/// Names come from listing the directory, never from a request, and a path is opened only after
/// its links were resolved and found to stay below the directory.
public struct ModelsDirectory: Sendable {
    /// The directory with every link resolved.
    private let root: String
    private let fileLimitBytes: Int
    /// The folders that may hold models, sorted.
    public let names: [String]
    /// The folders that have no name of a model.
    public let refusals: [ModelRepository.Refusal]

    /// Lists a directory.
    ///
    /// Names that start with a dot are skipped.
    ///
    /// - Parameters:
    ///   - path: Where the models are.
    ///   - fileLimitBytes: The largest file to read.
    /// - Throws: `ModelFileError` when the directory cannot be read.
    public init(
        path: String,
        fileLimitBytes: Int = ModelRepository.defaultFileLimitBytes
    ) throws(ModelFileError) {
        root = try Files.resolved(path)
        self.fileLimitBytes = fileLimitBytes
        var names: [String] = []
        var refusals: [ModelRepository.Refusal] = []
        for name in try Files.names(in: root) where name.utf8.first != UInt8(ascii: ".") {
            guard Files.isDirectory("\(root)/\(name)") else { continue }
            if ModelName.isValid(name) {
                names.append(name)
            } else {
                let reason = "not a model name; allowed are \(ModelName.rule)"
                refusals.append(ModelRepository.Refusal(path: name, reason: reason))
            }
        }
        self.names = names
        self.refusals = refusals
    }

    /// The version folders of a model in rising order, and what is none.
    func versions(
        of name: String
    ) throws(ModelFileError) -> (versions: [Int], refusals: [ModelRepository.Refusal]) {
        precondition(ModelName.isValid(name), "\(name) is no name of a model")
        let folder = try Files.resolved(name, below: root)
        var versions: [Int] = []
        var refusals: [ModelRepository.Refusal] = []
        for entry in try Files.names(in: folder) where entry.utf8.first != UInt8(ascii: ".") {
            guard Files.isDirectory("\(folder)/\(entry)") else { continue }
            if let version = ModelName.version(entry) {
                versions.append(version)
            } else {
                refusals.append(
                    ModelRepository.Refusal(
                        path: "\(name)/\(entry)",
                        reason: "not a version; versions are 1, 2, 3, …"
                    )
                )
            }
        }
        return (versions.sorted(), refusals)
    }

    /// Whether there is anything in the place of a version's file.
    func hasFile(_ name: String, _ version: Int) -> Bool {
        Files.isTaken("\(root)/\(name)/\(version)/\(ModelFile.fileName)")
    }

    /// What tells the present files of a version from earlier ones.
    func stamp(_ name: String, _ version: Int) throws(ModelFileError) -> VersionStamp {
        let folder = "\(name)/\(version)"
        let model = try Files.identity("\(folder)/\(ModelFile.fileName)", below: root)
        var evaluation: FileIdentity?
        let path = "\(folder)/\(ModelFile.evaluationName)"
        if Files.exists("\(root)/\(path)") {
            evaluation = try? Files.identity(path, below: root)
        }
        return VersionStamp(model: model, evaluation: evaluation)
    }

    /// Reads a version whole.
    ///
    /// - Returns: The model, what its files were when they were read, and what is wrong with the
    ///   evaluation beside it, if anything is: a bad one is refused alone.
    /// - Throws: `ModelFileError` for anything but a complete and good model.
    func read(
        _ name: String,
        _ version: Int
    ) throws(ModelFileError) -> (ModelRepository.Model, VersionStamp, ModelRepository.Refusal?) {
        let stamp = try stamp(name, version)
        let folder = "\(name)/\(version)"
        let bytes = try Files.read(
            "\(folder)/\(ModelFile.fileName)",
            below: root,
            limitBytes: fileLimitBytes
        )
        let file = try ModelFile(bytes: bytes)
        var evaluation: [UInt8]?
        var refusal: ModelRepository.Refusal?
        let path = "\(folder)/\(ModelFile.evaluationName)"
        if Files.exists("\(root)/\(path)") {
            do throws(ModelFileError) {
                evaluation = try self.evaluation(path)
            } catch {
                refusal = ModelRepository.Refusal(path: path, reason: error.description)
            }
        }
        guard try self.stamp(name, version) == stamp else { throw .changedMeanwhile }
        let model = ModelRepository.Model(
            name: name,
            version: version,
            file: file,
            evaluation: evaluation
        )
        return (model, stamp, refusal)
    }

    private func evaluation(_ path: String) throws(ModelFileError) -> [UInt8] {
        let bytes = try Files.read(path, below: root, limitBytes: 16 << 20)
        do throws(JSONError) {
            return try JSONDocument(parsing: bytes).root.text
        } catch {
            throw .invalidJSON(part: "evaluation", error)
        }
    }
}

/// What tells the files of a version from earlier ones.
struct VersionStamp: Sendable, Equatable {
    var model: FileIdentity
    var evaluation: FileIdentity?
}
