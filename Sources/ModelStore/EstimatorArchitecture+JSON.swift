import Estimators
import StrictJSON

extension EstimatorArchitecture {
    /// Bounds on sizes a file may name, so that products of them cannot overflow.
    private static let sizes = 1...65_536

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("architecture")
        switch self {
        case .maskedAutoregressiveFlow(let flow):
            writer.string("maf")
            writer.key("hidden_features")
            writer.integer(flow.hiddenFeatures)
            writer.key("blocks")
            writer.integer(flow.blocks)
            writer.key("scale_floor")
            writer.number(flow.scaleFloor)
            writer.key("transforms")
            writer.beginArray()
            for transform in flow.transforms {
                writer.beginObject()
                writer.key("degrees")
                writer.integers(transform.degrees)
                writer.key("permutation")
                writer.integers(transform.permutation)
                writer.endObject()
            }
            writer.endArray()
        case .mixtureDensityNetwork(let network):
            writer.string("mdn")
            writer.key("components")
            writer.integer(network.components)
            writer.key("hidden_features")
            writer.integer(network.hiddenFeatures)
            writer.key("hidden_layers")
            writer.integer(network.hiddenLayers)
            writer.key("diagonal_floor")
            writer.number(network.diagonalFloor)
            if network.quadraticFloor != 0 {
                writer.key("quadratic_floor")
                writer.number(network.quadraticFloor)
            }
            if network.covariance != .full {
                writer.key("covariance")
                writer.string(network.covariance.rawValue)
            }
            if network.activation != .relu {
                writer.key("activation")
                writer.string(network.activation.rawValue)
            }
        }
        writer.endObject()
    }

    /// Reads a structure; a field that is not known could change the maths and is refused.
    init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let kind = try fields.required("architecture", expected: "\"maf\" or \"mdn\"")
        switch try kind.string() {
        case "maf":
            self = .maskedAutoregressiveFlow(try Self.flow(fields))
        case "mdn":
            self = .mixtureDensityNetwork(try Self.mixture(fields))
        default:
            throw kind.mismatch("\"maf\" or \"mdn\"")
        }
    }

    private static func flow(
        _ fields: JSONFields
    ) throws(JSONFieldError) -> MaskedAutoregressiveFlowArchitecture {
        try fields.refuseOthers(than: [
            "architecture", "hidden_features", "blocks", "scale_floor", "transforms",
        ])
        var transforms: [MaskedAutoregressiveFlowArchitecture.Transform] = []
        for element in try fields.required("transforms", expected: "a list").elements() {
            let transform = try element.object()
            try transform.refuseOthers(than: ["degrees", "permutation"])
            transforms.append(
                MaskedAutoregressiveFlowArchitecture.Transform(
                    degrees: try transform.required("degrees", expected: "a list of integers")
                        .integers(in: 0...sizes.upperBound),
                    permutation: try transform.required(
                        "permutation",
                        expected: "a list of integers"
                    ).integers(in: 0...sizes.upperBound)
                )
            )
        }
        return MaskedAutoregressiveFlowArchitecture(
            hiddenFeatures: try size("hidden_features", fields),
            blocks: try fields.required("blocks", expected: "an integer").integer(in: 0...1024),
            scaleFloor: try fields.required("scale_floor", expected: "a number").double(),
            transforms: transforms
        )
    }

    private static func mixture(
        _ fields: JSONFields
    ) throws(JSONFieldError) -> MixtureDensityNetworkArchitecture {
        try fields.refuseOthers(than: [
            "architecture", "components", "hidden_features", "hidden_layers", "diagonal_floor",
            "quadratic_floor", "covariance", "activation",
        ])
        return MixtureDensityNetworkArchitecture(
            components: try size("components", fields),
            hiddenFeatures: try size("hidden_features", fields),
            hiddenLayers: try fields.required("hidden_layers", expected: "an integer")
                .integer(in: 0...1024),
            diagonalFloor: try fields.required("diagonal_floor", expected: "a number").double(),
            quadraticFloor: try fields.optional("quadratic_floor")?.double() ?? 0,
            covariance: try fields.optional("covariance")?.oneOf() ?? .full,
            activation: try fields.optional("activation")?.oneOf() ?? .relu
        )
    }

    private static func size(_ name: String, _ fields: JSONFields) throws(JSONFieldError) -> Int {
        try fields.required(name, expected: "an integer").integer(in: sizes)
    }
}
