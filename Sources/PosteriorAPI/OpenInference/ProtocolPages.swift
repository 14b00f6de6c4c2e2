import Estimators
import ModelStore
import StrictJSON

/// What there is to GET below `/v2`, the first also at `/`.
///
/// *Reference*: Open Inference Protocol, "Server Metadata", "Model Metadata"; Triton's "Statistics
/// Extension".
enum ProtocolPages {
    /// Name, version and the extensions that are on.
    static func server(_ control: ModelControl) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string("posterior-server")
        writer.key("version")
        writer.string(PosteriorService.release)
        writer.key("extensions")
        writer.strings(
            ["binary_tensor_data", "statistics"]
                + (control == .none ? [] : ["model_repository"])
        )
        writer.endObject()
        return writer.finish()
    }

    /// The names of the models, as KServe adds them to the protocol.
    static func names(_ catalog: ModelCatalog) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("models")
        writer.strings(catalog.names)
        writer.endObject()
        return writer.finish()
    }

    /// That a version can answer.
    static func ready(_ entry: ModelCatalog.Entry) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string(entry.name)
        writer.key("ready")
        writer.boolean(true)
        writer.endObject()
        return writer.finish()
    }

    /// Inputs, outputs and what is known of a version.
    static func model(_ entry: ModelCatalog.Entry, versions: [Int]) -> [UInt8] {
        let (thetaDim, xDim) = (entry.posterior.thetaDim, entry.posterior.xDim)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string(entry.name)
        writer.key("versions")
        writer.strings(versions.map(String.init))
        writer.key("platform")
        writer.string("posterior_safetensors")
        writer.key("inputs")
        tensors([("observation", [-1, xDim]), ("theta", [-1, -1, thetaDim])], to: &writer)
        writer.key("outputs")
        tensors(
            [
                ("samples", [-1, -1, thetaDim]), ("log_prob", [-1, -1]), ("fisher_trace", [-1]),
            ],
            to: &writer
        )
        writer.key("properties")
        writer.beginObject()
        for (name, value) in properties(entry) {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    /// Every property is a string; those that are more than that are JSON.
    private static func properties(_ entry: ModelCatalog.Entry) -> [(String, String)] {
        let metadata = entry.model.file.metadata
        var properties: [(String, String)] = [
            ("version", String(entry.version)),
            ("optional_inputs", "theta"),
            ("x_shape", metadata.x.shape.map(String.init).joined(separator: ",")),
            ("card", "/v1/models/\(entry.name)/versions/\(entry.version)"),
        ]
        if let summary = metadata.summary { properties.append(("summary", summary)) }
        if let names = metadata.theta.names {
            properties.append(("theta_names", names.joined(separator: ",")))
        }
        if let document = try? JSONDocument(parsing: entry.model.file.metadataJSON()) {
            for name in ["prior", "calibration"] {
                guard let value = document.root.member(name), value.kind != .null else { continue }
                properties.append((name, String(decoding: value.text, as: UTF8.self)))
            }
        }
        return properties
    }

    private static func tensors(_ tensors: [(String, [Int])], to writer: inout JSONWriter) {
        writer.beginArray()
        for (name, shape) in tensors {
            writer.beginObject()
            writer.key("name")
            writer.string(name)
            writer.key("datatype")
            writer.string(TensorType.fp32.rawValue)
            writer.key("shape")
            writer.integers(shape)
            writer.endObject()
        }
        writer.endArray()
    }

    /// Statistics of some versions.
    static func statistics(_ entries: [ModelCatalog.Entry]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("model_stats")
        writer.beginArray()
        for entry in entries {
            entry.statistics.write(name: entry.name, version: entry.version, to: &writer)
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
