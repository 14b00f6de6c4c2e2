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
        writer.endObject()
    }

    /// Reads a member; a field that is not known could change the maths and is refused.
    init(_ field: JSONField, xShape: [Int]) throws(JSONFieldError) {
        let fields = try field.object()
        try fields.refuseOthers(than: ["estimator", "embedding"])
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
            embedding: embedding
        )
    }
}
