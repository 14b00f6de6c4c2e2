package import Distributions
package import Estimators
import StrictJSON

/// The JSON document in the header of a model file: metadata, structure and prior together.
package struct MetadataDocument: Equatable {
    /// Its key in `__metadata__`.
    static let key = "posterior"

    package var architecture: EstimatorArchitecture
    package var embedding: EmbeddingArchitecture?
    package var prior: DistributionDescription
    package var support = PosteriorSupport.unconstrained
    package var thetaStandardization = ThetaStandardization.Kind.affine
    package var thetaDim: Int
    package var xDim: Int
    package var metadata: ModelMetadata
    /// What the tensors of the calibration are; nil where there are none.
    var calibration: CalibrationFields?
    /// Whether the tensors have the names of a `"maf"` of format version 1.
    var hasVersion1FlowNames = false

    func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("format_version")
        writer.integer(ModelMetadata.formatVersion)
        if let summary = metadata.summary {
            writer.key("summary")
            writer.string(summary)
        }
        writer.key("estimator")
        architecture.write(to: &writer)
        if let embedding {
            writer.key("embedding")
            embedding.write(to: &writer)
        }
        writer.key("theta")
        metadata.theta.write(to: &writer)
        writer.key("x")
        metadata.x.write(to: &writer)
        writer.key("prior")
        prior.write(to: &writer)
        if support != .unconstrained {
            writer.key("support")
            writer.string(support.rawValue)
        }
        thetaStandardization.write(to: &writer)
        writer.optional("data_scale", metadata.dataScale)
        if let training = metadata.training {
            writer.key("training")
            training.write(to: &writer)
        }
        if let source = metadata.source {
            writer.key("source")
            source.write(to: &writer)
        }
        if let calibration = metadata.calibration {
            writer.key("calibration")
            calibration.write(to: &writer)
        }
        if let calibration {
            writer.key(CalibrationFields.key)
            calibration.write(to: &writer)
        }
        writer.endObject()
        return writer.finish()
    }
}

extension MetadataDocument {
    /// Reads and checks a document; says nothing about weights.
    package init(parsing text: [UInt8]) throws(ModelFileError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: text)
        } catch {
            throw .invalidJSON(part: "metadata", error)
        }
        let fields: JSONFields
        let version: Int
        do throws(JSONFieldError) {
            fields = try JSONField(document.root, path: "").object()
            version = try fields.required("format_version", expected: "an integer")
                .integer(in: 1...Int.max)
        } catch {
            throw .invalidMetadata(error)
        }
        guard version <= ModelMetadata.formatVersion else {
            throw .unsupportedFormatVersion(found: version, newest: ModelMetadata.formatVersion)
        }
        do throws(JSONFieldError) {
            try self.init(fields, version: version)
        } catch {
            throw .invalidMetadata(error)
        }
    }

    private init(_ fields: JSONFields, version: Int) throws(JSONFieldError) {
        let theta = try VariableDescription(
            fields.required("theta", expected: "the names of the parameters")
        )
        guard let names = theta.names, theta.shape == [names.count] else {
            throw .mismatch(
                path: "theta",
                expected: "a vector with a name for each parameter",
                found: "shape \(theta.shape)"
            )
        }
        let x = try VariableDescription(
            fields.required("x", expected: "the shape of an observation")
        )
        thetaDim = names.count
        xDim = x.shape.reduce(1, *)
        let estimator = try fields.required(
            "estimator",
            expected: "the structure of the estimator"
        )
        architecture = try EstimatorArchitecture(estimator, xShape: x.shape)
        hasVersion1FlowNames = try estimator.object().optional("architecture")?.string() == "maf"
        prior = try DistributionDescription(
            fields.required("prior", expected: "the prior of the parameters")
        )
        let priorDim = prior.supportTransforms.count
        guard priorDim == thetaDim else {
            throw .mismatch(
                path: "prior",
                expected: "\(thetaDim) dimensions, as many as theta has",
                found: "\(priorDim)"
            )
        }
        if version >= 2 {
            support = try fields.optional("support")?.oneOf() ?? .unconstrained
            thetaStandardization = try ThetaStandardization.Kind(fields)
            embedding = try fields.optional("embedding").map { field throws(JSONFieldError) in
                try EmbeddingArchitecture(field, xShape: x.shape)
            }
        } else {
            // What the first version had to have; the fields above it skips, as every release did.
            _ = try fields.required("data_scale", expected: "a positive number")
            let training = try fields.required("training", expected: "the training record")
                .object()
            _ = try training.required("simulations", expected: "an integer")
            _ = try training.required("seed", expected: "an integer")
        }
        calibration = try fields.optional(CalibrationFields.key).map(CalibrationFields.init)
        let scale = fields.optional("data_scale")
        if let scale, try scale.double() <= 0 { throw scale.mismatch("a positive number") }
        metadata = ModelMetadata(
            summary: try fields.optional("summary")?.string(),
            theta: theta,
            x: x,
            dataScale: try scale?.double(),
            training: try fields.optional("training").map(TrainingRecord.init),
            source: try fields.optional("source").map(ModelSource.init),
            calibration: try fields.optional("calibration").map(CalibrationSummary.init)
        )
    }
}
