import StrictJSON

/// The models in a directory: `<directory>/<name>/<version>/model.safetensors`.
///
/// A scan reads everything once. A file that cannot be served is refused by name, with the
/// reason, and the others are served.
public struct ModelRepository: Sendable {
    /// The largest model file that is read unless told otherwise: 1 GiB.
    public static let defaultFileLimitBytes = 1 << 30

    /// A model that can be served.
    public struct Model: Sendable {
        /// The name of its folder.
        public let name: String
        /// Its version, at least 1.
        public let version: Int
        /// The posterior and its metadata.
        public let file: ModelFile
        /// The JSON of `evaluation.json` beside it, if there is one.
        public let evaluation: [UInt8]?

        /// Makes a model that does not come from a scan.
        public init(name: String, version: Int, file: ModelFile, evaluation: [UInt8]? = nil) {
            self.name = name
            self.version = version
            self.file = file
            self.evaluation = evaluation
        }
    }

    /// A file or folder that is not served.
    public struct Refusal: Sendable, Equatable, CustomStringConvertible {
        /// Where it is, relative to the directory.
        public let path: String
        /// Why it is not served.
        public let reason: String

        /// One line for a log.
        public var description: String { "\(path): \(reason)" }
    }

    /// What can be served, by name and then version.
    public let models: [Model]
    /// What cannot, in the order of the scan.
    public let refusals: [Refusal]

    /// Makes a repository from models that are in memory.
    public init(models: [Model]) {
        self.init(models: models, refusals: [])
    }

    private init(models: [Model], refusals: [Refusal]) {
        self.models = models.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
        self.refusals = refusals
    }

    /// Reads a directory.
    ///
    /// Folders may be symbolic links as long as they stay inside the directory, the way mounted
    /// volumes are laid out. Names that start with a dot are skipped.
    ///
    /// - Parameters:
    ///   - directory: Where the models are.
    ///   - fileLimitBytes: The largest file to read.
    /// - Throws: `ModelFileError` when the directory itself cannot be read.
    public init(
        scanning directory: String,
        fileLimitBytes: Int = Self.defaultFileLimitBytes
    ) throws(ModelFileError) {
        var scan = RepositoryScan(
            root: try Files.resolved(directory),
            fileLimitBytes: fileLimitBytes
        )
        try scan.run()
        self.init(models: scan.models, refusals: scan.refusals)
    }
}

/// Making the folder of a model.
public enum ModelDirectory {
    /// Makes a folder, and those above it, when they are not there yet.
    ///
    /// - Throws: `ModelFileError` when the system refuses.
    public static func create(_ path: String) throws(ModelFileError) {
        try Files.createDirectories(path)
    }
}

/// One walk over a models directory.
private struct RepositoryScan {
    /// The directory with every link resolved.
    let root: String
    let fileLimitBytes: Int
    var models: [ModelRepository.Model] = []
    var refusals: [ModelRepository.Refusal] = []

    mutating func run() throws(ModelFileError) {
        for name in try Files.names(in: root) where name.utf8.first != UInt8(ascii: ".") {
            guard Files.isDirectory("\(root)/\(name)") else { continue }
            guard ModelName.isValid(name) else {
                refuse(name, "not a model name; allowed are \(ModelName.rule)")
                continue
            }
            visit(name)
        }
    }

    private mutating func visit(_ name: String) {
        let versions: [String]
        do throws(ModelFileError) {
            guard try isInside(name) else { throw .outsideRepository }
            versions = try Files.names(in: "\(root)/\(name)")
        } catch {
            refuse(name, error.description)
            return
        }
        for folder in versions where folder.utf8.first != UInt8(ascii: ".") {
            let path = "\(name)/\(folder)"
            guard Files.isDirectory("\(root)/\(path)") else { continue }
            guard let version = ModelName.version(folder) else {
                refuse(path, "not a version; versions are 1, 2, 3, …")
                continue
            }
            let file = "\(path)/\(ModelFile.fileName)"
            do throws(ModelFileError) {
                let bytes = try read(file, limitBytes: fileLimitBytes)
                models.append(
                    ModelRepository.Model(
                        name: name,
                        version: version,
                        file: try ModelFile(bytes: bytes),
                        evaluation: evaluation(path)
                    )
                )
            } catch {
                refuse(file, error.description)
            }
        }
    }

    /// The evaluation beside a model; a bad one is refused alone, and the model served without.
    private mutating func evaluation(_ path: String) -> [UInt8]? {
        let file = "\(path)/evaluation.json"
        guard Files.exists("\(root)/\(file)") else { return nil }
        do throws(ModelFileError) {
            let bytes = try read(file, limitBytes: 16 << 20)
            do throws(JSONError) {
                return try JSONDocument(parsing: bytes).root.text
            } catch {
                throw .invalidJSON(part: "evaluation", error)
            }
        } catch {
            refuse(file, error.description)
            return nil
        }
    }

    private func read(_ path: String, limitBytes: Int) throws(ModelFileError) -> [UInt8] {
        guard try isInside(path) else { throw .outsideRepository }
        return try Files.read("\(root)/\(path)", limitBytes: limitBytes)
    }

    /// Whether a path, its links resolved, still lies below the root.
    private func isInside(_ path: String) throws(ModelFileError) -> Bool {
        let prefix = root == "/" ? root : root + "/"
        return try Files.resolved("\(root)/\(path)").utf8.starts(with: prefix.utf8)
    }

    private mutating func refuse(_ path: String, _ reason: String) {
        refusals.append(ModelRepository.Refusal(path: path, reason: reason))
    }
}
