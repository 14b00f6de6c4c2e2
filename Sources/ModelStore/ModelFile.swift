import Distributions
public import Estimators
public import Robustness
import StrictJSON

/// A posterior and what there is to know about it: the content of one `model.safetensors`.
///
/// To save what was trained:
///
///     let file = ModelFile(metadata: metadata, posterior: posterior)
///     try file.write(to: "models/two_moons/1/model.safetensors")
///
/// The folder must exist (`ModelDirectory.create` makes it). The write is atomic: readers see the
/// old file or the new one, also after a crash.
public struct ModelFile: Sendable {
    /// The name of a model file in its version's folder.
    public static let fileName = "model.safetensors"
    /// The name of the evaluation that may lie beside it.
    static let evaluationName = "evaluation.json"

    /// What is known beyond the weights.
    public let metadata: ModelMetadata
    /// The posterior itself.
    public let posterior: Posterior
    /// What is usual among simulated observations, where it was measured.
    public let calibration: ObservationCalibration?

    /// Joins a posterior and its metadata; `encoded()` checks that they fit.
    public init(
        metadata: ModelMetadata,
        posterior: Posterior,
        calibration: ObservationCalibration? = nil
    ) {
        self.metadata = metadata
        self.posterior = posterior
        self.calibration = calibration
    }

    /// Reads a model file that is in memory.
    ///
    /// - Throws: `ModelFileError` for anything but a complete, consistent and finite model.
    public init(bytes: [UInt8]) throws(ModelFileError) {
        let archive = try SafetensorsReader(bytes)
        guard let text = archive.metadata[MetadataDocument.key] else {
            throw .invalidLayout("__metadata__ has no \"\(MetadataDocument.key)\" entry")
        }
        let document = try MetadataDocument(parsing: Array(text.utf8))
        var tensors: [String: Tensor] = [:]
        var calibrationTensors: [String: Tensor] = [:]
        for name in archive.names {
            if document.calibration != nil, name.hasPrefix(ObservationCalibration.tensorPrefix) {
                calibrationTensors[name] = try archive.tensor(named: name)
                continue
            }
            let current =
                document.hasVersion1FlowNames
                ? FlowArchitecture.currentName(ofVersion1: name) : name
            tensors[current] = try archive.tensor(named: name)
        }
        do throws(EstimatorError) {
            posterior = try Posterior(
                architecture: document.architecture,
                embedding: document.embedding,
                prior: document.prior,
                support: document.support,
                thetaStandardization: document.thetaStandardization,
                thetaDim: document.thetaDim,
                xDim: document.xDim,
                tensors: tensors
            )
        } catch {
            throw .invalidEstimator(error)
        }
        metadata = document.metadata
        calibration = try document.calibration?.joined(with: calibrationTensors, posterior)
    }

    /// Reads a model file from disk.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limitBytes: The largest file to accept.
    /// - Throws: `ModelFileError` for anything but a complete, consistent and finite model.
    public init(
        path: String,
        limitBytes: Int = ModelRepository.defaultFileLimitBytes
    ) throws(ModelFileError) {
        try self.init(bytes: Files.read(path, limitBytes: limitBytes))
    }

    /// The bytes of the file; a function of the model alone.
    ///
    /// - Throws: `ModelFileError` when metadata and posterior do not fit each other, or when
    ///   there is a number that a file cannot hold.
    public func encoded() throws(ModelFileError) -> [UInt8] {
        let document = document
        let text = document.encoded()
        // A document that could not be read back must not be written.
        let copy = try MetadataDocument(parsing: text)
        guard copy == document else {
            throw .invalidLayout("the metadata holds a number that is not finite")
        }
        return try SafetensorsWriter.encode(
            posterior.tensors.merging(calibration?.tensors ?? [:]) { first, _ in first },
            metadata: [MetadataDocument.key: String(decoding: text, as: UTF8.self)]
        )
    }

    /// Writes the file, whole or not at all.
    ///
    /// The bytes go to a temporary file in the same folder, are flushed to the disk, and take the
    /// final name in one step.
    ///
    /// - Throws: `ModelFileError` as `encoded()` does, or when the disk refuses.
    public func write(to path: String) throws(ModelFileError) {
        try Files.writeAtomically(encoded(), to: path)
    }

    /// The metadata as JSON, the way the file stores them.
    public func metadataJSON() -> [UInt8] {
        document.encoded()
    }

    /// The document of this model.
    private var document: MetadataDocument {
        MetadataDocument(
            architecture: posterior.architecture,
            embedding: posterior.embedding,
            prior: posterior.prior,
            support: posterior.support,
            thetaStandardization: posterior.thetaStandardization,
            thetaDim: posterior.thetaDim,
            xDim: posterior.xDim,
            metadata: metadata,
            calibration: calibration.map(CalibrationFields.init)
        )
    }
}
