import Estimators
import StrictJSON

extension FlowArchitecture {
    func write(to writer: inout JSONWriter) {
        writer.key("transforms")
        writer.beginArray()
        for transform in transforms { transform.write(to: &writer) }
        writer.endArray()
    }

    init(_ fields: JSONFields) throws(JSONFieldError) {
        try fields.refuseOthers(than: ["architecture", "transforms"])
        var transforms: [FlowTransform] = []
        for element in try fields.required("transforms", expected: "a list").elements() {
            transforms.append(try FlowTransform(element))
        }
        self.init(transforms: transforms)
    }

    /// Reads what format version 1 calls `"maf"`: each of its transforms is a map and the
    /// permutation after it.
    init(version1 fields: JSONFields) throws(JSONFieldError) {
        try fields.refuseOthers(than: [
            "architecture", "hidden_features", "blocks", "scale_floor", "transforms",
        ])
        let hidden = try fields.required("hidden_features", expected: "an integer")
            .integer(in: EstimatorArchitecture.sizes)
        let blocks = try fields.required("blocks", expected: "an integer").integer(in: 0...64)
        let floor = try fields.required("scale_floor", expected: "a number").double()
        var transforms: [FlowTransform] = []
        for element in try fields.required("transforms", expected: "a list").elements() {
            let transform = try element.object()
            try transform.refuseOthers(than: ["degrees", "permutation"])
            let degreeField = try transform.required("degrees", expected: "a list of integers")
            let degrees = try degreeField.integers(in: 0...EstimatorArchitecture.sizes.upperBound)
            guard degrees.count == hidden else {
                throw degreeField.mismatch("\(hidden) integers")
            }
            let permutation = try transform.required("permutation", expected: "a list of integers")
                .integers(in: 0...EstimatorArchitecture.sizes.upperBound)
            let network = MaskedNetwork(
                hiddenDegrees: Array(repeating: degrees, count: blocks + 1),
                activation: .tanh,
                contextActivation: .tanh
            )
            transforms.append(
                .autoregressive(
                    AutoregressiveTransform(
                        order: Array(permutation.indices),
                        map: .softplusAffine(floor: floor),
                        conditioner: network
                    )
                )
            )
            transforms.append(.permutation(permutation))
        }
        self.init(transforms: transforms)
    }

    /// The present name of a tensor of a `"maf"`: map i was transform i and is transform 2i.
    static func currentName(ofVersion1 name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "transforms", let index = Int(parts[1]),
            (0...EstimatorArchitecture.sizes.upperBound).contains(index), String(index) == parts[1]
        else { return name }
        return "transforms.\(2 * index).\(parts[2])"
    }
}

extension FlowTransform {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("kind")
        switch self {
        case .elementwiseAffine: writer.string("elementwise_affine")
        case .permutation(let permutation):
            writer.string("permutation")
            writer.key("permutation")
            writer.integers(permutation)
        case .lowerUpperLinear(let floor):
            writer.string("lu_linear")
            writer.key("diagonal_floor")
            writer.number(floor)
        case .autoregressive(let transform):
            writer.string("autoregressive")
            writer.key("order")
            writer.integers(transform.order)
            transform.map.write(to: &writer)
            transform.conditioner.write(to: &writer)
        case .coupling(let transform):
            writer.string("coupling")
            writer.key("identity")
            writer.integers(transform.identity)
            writer.key("transformed")
            writer.integers(transform.transformed)
            transform.map.write(to: &writer)
            transform.conditioner.write(to: &writer)
        }
        writer.endObject()
    }

    fileprivate init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let indices = 0...EstimatorArchitecture.sizes.upperBound
        func integers(_ name: String) throws(JSONFieldError) -> [Int] {
            try fields.required(name, expected: "a list of integers").integers(in: indices)
        }
        let expected =
            "\"elementwise_affine\", \"permutation\", \"lu_linear\", \"autoregressive\" or "
            + "\"coupling\""
        let kind = try fields.required("kind", expected: expected)
        switch try kind.string() {
        case "elementwise_affine":
            try fields.refuseOthers(than: ["kind"])
            self = .elementwiseAffine
        case "permutation":
            try fields.refuseOthers(than: ["kind", "permutation"])
            self = .permutation(try integers("permutation"))
        case "lu_linear":
            try fields.refuseOthers(than: ["kind", "diagonal_floor"])
            self = .lowerUpperLinear(
                diagonalFloor: try fields.required("diagonal_floor", expected: "a number")
                    .double()
            )
        case "autoregressive":
            try fields.refuseOthers(than: ["kind", "order", "map", "conditioner"])
            self = .autoregressive(
                AutoregressiveTransform(
                    order: try integers("order"),
                    map: try FeatureMap(fields.required("map", expected: "a map")),
                    conditioner: try MaskedNetwork(
                        fields.required("conditioner", expected: "a network")
                    )
                )
            )
        case "coupling":
            try fields.refuseOthers(than: [
                "kind", "identity", "transformed", "map", "conditioner",
            ])
            self = .coupling(
                CouplingTransform(
                    identity: try integers("identity"),
                    transformed: try integers("transformed"),
                    map: try FeatureMap(fields.required("map", expected: "a map")),
                    conditioner: try CouplingNetwork(
                        fields.required("conditioner", expected: "a network")
                    )
                )
            )
        default: throw kind.mismatch(expected)
        }
    }
}

extension FeatureMap {
    fileprivate func write(to writer: inout JSONWriter) {
        func field(_ name: String, _ value: Double) {
            writer.key(name)
            writer.number(value)
        }
        writer.key("map")
        writer.beginObject()
        writer.key("kind")
        switch self {
        case .softplusAffine(let floor):
            writer.string("softplus_affine")
            field("floor", floor)
        case .softClippedAffine(let slope):
            writer.string("soft_clipped_affine")
            field("slope", slope)
        case .rationalQuadraticSpline(let spline):
            writer.string("rational_quadratic_spline")
            writer.key("bins")
            writer.integer(spline.bins)
            field("tail_bound", spline.tailBound)
            field("min_bin_width", spline.minimumBinWidth)
            field("min_bin_height", spline.minimumBinHeight)
            field("min_derivative", spline.minimumDerivative)
            field("divisor", spline.divisor)
        case .softClippedSpline(let bins, let bound, let slope):
            writer.string("soft_clipped_spline")
            writer.key("bins")
            writer.integer(bins)
            field("bound", bound)
            field("slope", slope)
        }
        writer.endObject()
    }

    fileprivate init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        func number(_ name: String) throws(JSONFieldError) -> Double {
            try fields.required(name, expected: "a number").double()
        }
        func bins() throws(JSONFieldError) -> Int {
            try fields.required("bins", expected: "an integer")
                .integer(in: EstimatorArchitecture.sizes)
        }
        let expected =
            "\"softplus_affine\", \"soft_clipped_affine\", \"rational_quadratic_spline\" or "
            + "\"soft_clipped_spline\""
        let kind = try fields.required("kind", expected: expected)
        switch try kind.string() {
        case "softplus_affine":
            try fields.refuseOthers(than: ["kind", "floor"])
            self = .softplusAffine(floor: try number("floor"))
        case "soft_clipped_affine":
            try fields.refuseOthers(than: ["kind", "slope"])
            self = .softClippedAffine(slope: try number("slope"))
        case "rational_quadratic_spline":
            try fields.refuseOthers(than: [
                "kind", "bins", "tail_bound", "min_bin_width", "min_bin_height",
                "min_derivative", "divisor",
            ])
            self = .rationalQuadraticSpline(
                RationalQuadraticSpline(
                    bins: try bins(),
                    tailBound: try number("tail_bound"),
                    minimumBinWidth: try number("min_bin_width"),
                    minimumBinHeight: try number("min_bin_height"),
                    minimumDerivative: try number("min_derivative"),
                    divisor: try number("divisor")
                )
            )
        case "soft_clipped_spline":
            try fields.refuseOthers(than: ["kind", "bins", "bound", "slope"])
            self = .softClippedSpline(
                bins: try bins(),
                bound: try number("bound"),
                slope: try number("slope")
            )
        default: throw kind.mismatch(expected)
        }
    }
}

extension MaskedNetwork {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("conditioner")
        writer.beginObject()
        writer.key("hidden_degrees")
        writer.beginArray()
        for degrees in hiddenDegrees { writer.integers(degrees) }
        writer.endArray()
        writer.key("activation")
        writer.string(activation.rawValue)
        writer.key("context_activation")
        writer.string(contextActivation?.rawValue ?? "identity")
        writer.endObject()
    }

    fileprivate init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        try fields.refuseOthers(than: ["hidden_degrees", "activation", "context_activation"])
        var hiddenDegrees: [[Int]] = []
        let layers = try fields.required("hidden_degrees", expected: "a list of lists of integers")
        for layer in try layers.elements() {
            hiddenDegrees.append(
                try layer.integers(in: 0...EstimatorArchitecture.sizes.upperBound)
            )
        }
        let context = try fields.required("context_activation", expected: "an activation")
        self.init(
            hiddenDegrees: hiddenDegrees,
            activation: try fields.required("activation", expected: "an activation").oneOf(),
            contextActivation: try context.string() == "identity" ? nil : context.oneOf()
        )
    }
}

extension CouplingNetwork {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.key("conditioner")
        writer.beginObject()
        writer.key("kind")
        switch self {
        case .residual(let network):
            writer.string("residual")
            writer.key("hidden_features")
            writer.integer(network.hiddenFeatures)
            writer.key("blocks")
            writer.integer(network.blocks)
            writer.key("activation")
            writer.string(network.activation.rawValue)
            writer.key("normalized")
            writer.boolean(network.normalized)
        case .layers(let hiddenFeatures, let activation):
            writer.string("mlp")
            writer.key("hidden_features")
            writer.integers(hiddenFeatures)
            writer.key("activation")
            writer.string(activation.rawValue)
        }
        writer.endObject()
    }

    fileprivate init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let kind = try fields.required("kind", expected: "\"residual\" or \"mlp\"")
        let activation: Activation = try fields.required("activation", expected: "an activation")
            .oneOf()
        let hidden = try fields.required("hidden_features", expected: "the width of each layer")
        switch try kind.string() {
        case "residual":
            try fields.refuseOthers(than: [
                "kind", "hidden_features", "blocks", "activation", "normalized",
            ])
            self = .residual(
                ResidualNetwork(
                    hiddenFeatures: try hidden.integer(in: EstimatorArchitecture.sizes),
                    blocks: try fields.required("blocks", expected: "an integer")
                        .integer(in: 0...1024),
                    activation: activation,
                    normalized: try fields.required("normalized", expected: "true or false")
                        .boolean()
                )
            )
        case "mlp":
            try fields.refuseOthers(than: ["kind", "hidden_features", "activation"])
            self = .layers(
                hiddenFeatures: try hidden.integers(in: EstimatorArchitecture.sizes),
                activation: activation
            )
        default: throw kind.mismatch("\"residual\" or \"mlp\"")
        }
    }
}
