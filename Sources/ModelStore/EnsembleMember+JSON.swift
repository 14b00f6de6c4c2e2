import Estimators
import StrictJSON

extension EnsembleMember {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("estimator")
        estimator.write(to: &writer)
        if let embedding {
            writer.key("embedding")
            embedding.write(to: &writer)
        }
        thetaStandardization.write(to: &writer)
        writer.endObject()
    }

    /// Reads a member; a field that is not known could change the maths and is refused.
    init(_ field: JSONField, xShape: [Int]) throws(JSONFieldError) {
        let fields = try field.object()
        try fields.refuseOthers(than: ["estimator", "embedding", "standardization"])
        let estimator = try fields.required(
            "estimator",
            expected: "the structure of the estimator"
        )
        var embedding: EmbeddingArchitecture?
        if let layers = fields.optional("embedding") {
            embedding = try EmbeddingArchitecture(layers, xShape: xShape)
        }
        self.init(
            estimator: try EstimatorArchitecture(estimator, xShape: xShape),
            embedding: embedding,
            thetaStandardization: try ThetaStandardization.Kind(fields)
        )
    }
}

extension ThetaStandardization.Kind {
    /// Writes the field `standardization`, unless it is the default.
    func write(to writer: inout JSONWriter) {
        guard self != .affine else { return }
        writer.key("standardization")
        writer.beginObject()
        writer.key("theta")
        writer.string(rawValue)
        writer.endObject()
    }

    /// Reads the field `standardization`; a field in it that is not known is refused.
    init(_ fields: JSONFields) throws(JSONFieldError) {
        self = .affine
        guard let standardization = try fields.optional("standardization")?.object() else { return }
        try standardization.refuseOthers(than: ["theta"])
        self = try standardization.optional("theta")?.oneOf() ?? .affine
    }
}
