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
        let listing = try ModelsDirectory(path: directory, fileLimitBytes: fileLimitBytes)
        var models: [Model] = []
        var refusals = listing.refusals
        for name in listing.names {
            var folder = ModelFolder(name: name)
            refusals += folder.refresh(from: listing, care: .none)
            models += folder.versions.values.compactMap(\.model)
        }
        self.init(models: models, refusals: refusals)
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
