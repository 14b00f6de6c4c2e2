package import Estimators
package import StrictJSON

extension EstimatorArchitecture {
    /// Bounds on sizes a file may name, so that products of them cannot overflow.
    static let sizes = 1...65_536

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("architecture")
        switch self {
        case .flow(let flow):
            writer.string("flow")
            flow.write(to: &writer)
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
        case .mixtureMADE(let network):
            writer.string("made")
            network.writeFields(to: &writer)
        case .ensemble(let members):
            writer.string("ensemble")
            writer.key("members")
            writer.beginArray()
            for member in members { member.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Reads a structure; a field that is not known could change the maths and is refused.
    ///
    /// - Parameters:
    ///   - field: The structure.
    ///   - xShape: The shape of an observation.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    package init(_ field: JSONField, xShape: [Int]) throws(JSONFieldError) {
        let fields = try field.object()
        let kinds = "\"flow\", \"mdn\", \"made\" or \"ensemble\""
        let kind = try fields.required("architecture", expected: kinds)
        switch try kind.string() {
        case "flow":
            self = .flow(try FlowArchitecture(fields))
        case "maf":
            self = .flow(try FlowArchitecture(version1: fields))
        case "mdn":
            self = .mixtureDensityNetwork(try Self.mixture(fields))
        case "made":
            self = .mixtureMADE(try MixtureMADEArchitecture(fields))
        case "ensemble":
            try fields.refuseOthers(than: ["architecture", "members"])
            let list = try fields.required("members", expected: "a list of members").elements()
            var members: [EnsembleMember] = []
            for member in list { members.append(try EnsembleMember(member, xShape: xShape)) }
            self = .ensemble(members)
        default:
            throw kind.mismatch(kinds)
        }
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
