import Estimators
import ModelStore
import StrictJSON

/// What `GET /v1/models` and the pages below it say of models.
enum ModelCard {
    /// Everything known of one version: the metadata as the file holds them, and the evaluation.
    static func encode(_ model: ModelRepository.Model, versions: [Int]) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("name")
        writer.string(model.name)
        writer.key("version")
        writer.integer(model.version)
        writer.key("versions")
        writer.integers(versions)
        // The document is an object that has at least a format version.
        writer.raw(model.file.metadataJSON().dropFirst().dropLast())
        if let evaluation = model.evaluation {
            writer.key("evaluation")
            writer.raw(evaluation)
        }
        writer.endObject()
        return writer.finish()
    }

    /// The list of models, each with what one needs to send a first request.
    static func encodeList(_ catalog: ModelCatalog) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.key("models")
        writer.beginArray()
        for name in catalog.names {
            guard let model = catalog.latest(name) else { continue }
            let metadata = model.file.metadata
            writer.beginObject()
            writer.key("name")
            writer.string(name)
            writer.key("version")
            writer.integer(model.version)
            writer.key("versions")
            writer.integers(catalog.versions(name))
            if let summary = metadata.summary {
                writer.key("summary")
                writer.string(summary)
            }
            writer.key("theta_dim")
            writer.integer(model.file.posterior.thetaDim)
            if let names = metadata.theta.names {
                writer.key("theta_names")
                writer.strings(names)
            }
            writer.key("x_shape")
            writer.integers(metadata.x.shape)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
