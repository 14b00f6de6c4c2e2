import Estimators
import StrictJSON

extension EmbeddingArchitecture {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("layers")
        EmbeddingLayer.write(layers, to: &writer)
        writer.endObject()
    }

    /// Reads a network over observations of a shape; a field that is not known could change the
    /// maths and is refused.
    init(_ field: JSONField, xShape: [Int]) throws(JSONFieldError) {
        let fields = try field.object()
        try fields.refuseOthers(than: ["layers"])
        self.init(
            xShape: xShape,
            layers: try EmbeddingLayer.list(fields)
        )
    }
}

extension EmbeddingLayer {
    /// Bounds on the numbers of a layer, so that sums of them cannot overflow.
    private static let sizes = 0...(1 << 24)
    /// Every kind, as messages list them.
    private static let kinds = """
        "linear", "activation", "layer_norm", "residual", "reshape", "flatten", "convolution", \
        "max_pool" or "trials"
        """

    fileprivate static func write(_ layers: [Self], to writer: inout JSONWriter) {
        writer.beginArray()
        for layer in layers { layer.write(to: &writer) }
        writer.endArray()
    }

    private func write(to writer: inout JSONWriter) {
        func field(_ name: String, _ value: Int) {
            writer.key(name)
            writer.integer(value)
        }
        func field(_ name: String, _ value: String) {
            writer.key(name)
            writer.string(value)
        }
        writer.beginObject()
        switch self {
        case .linear(let features):
            field("kind", "linear")
            field("features", features)
        case .activation(let function):
            field("kind", "activation")
            field("function", function.rawValue)
        case .layerNorm(let epsilon):
            field("kind", "layer_norm")
            writer.key("epsilon")
            writer.number(epsilon)
        case .residual(let layers):
            field("kind", "residual")
            writer.key("layers")
            Self.write(layers, to: &writer)
        case .reshape(let shape):
            field("kind", "reshape")
            writer.key("shape")
            writer.integers(shape)
        case .flatten:
            field("kind", "flatten")
        case .convolution(let channels, let kernel, let padding, let stride):
            field("kind", "convolution")
            field("channels", channels)
            writer.key("kernel")
            writer.integers(kernel)
            field("padding", padding)
            field("stride", stride)
        case .maxPool(let size):
            field("kind", "max_pool")
            field("size", size)
        case .trials(let layers, let aggregation):
            field("kind", "trials")
            writer.key("layers")
            Self.write(layers, to: &writer)
            field("aggregation", aggregation.rawValue)
        }
        writer.endObject()
    }

    fileprivate static func list(_ fields: JSONFields) throws(JSONFieldError) -> [Self] {
        var layers: [Self] = []
        for element in try fields.required("layers", expected: "a list of layers").elements() {
            layers.append(try Self(element))
        }
        return layers
    }

    private init(_ field: JSONField) throws(JSONFieldError) {
        let fields = try field.object()
        let kind = try fields.required("kind", expected: Self.kinds)
        func integer(_ name: String) throws(JSONFieldError) -> Int {
            try fields.required(name, expected: "an integer").integer(in: Self.sizes)
        }
        func integers(_ name: String) throws(JSONFieldError) -> [Int] {
            try fields.required(name, expected: "a list of integers").integers(in: Self.sizes)
        }
        func allow(_ names: String...) throws(JSONFieldError) {
            try fields.refuseOthers(than: ["kind"] + names)
        }
        switch try kind.string() {
        case "linear":
            try allow("features")
            self = .linear(features: try integer("features"))
        case "activation":
            try allow("function")
            let function = try fields.required("function", expected: "the name of a function")
            self = .activation(try function.oneOf())
        case "layer_norm":
            try allow("epsilon")
            let epsilon = try fields.required("epsilon", expected: "a number")
            self = .layerNorm(epsilon: try epsilon.double())
        case "residual":
            try allow("layers")
            self = .residual(try Self.list(fields))
        case "reshape":
            try allow("shape")
            self = .reshape(try integers("shape"))
        case "flatten":
            try allow()
            self = .flatten
        case "convolution":
            try allow("channels", "kernel", "padding", "stride")
            self = .convolution(
                channels: try integer("channels"),
                kernel: try integers("kernel"),
                padding: try integer("padding"),
                stride: try integer("stride")
            )
        case "max_pool":
            try allow("size")
            self = .maxPool(size: try integer("size"))
        case "trials":
            try allow("layers", "aggregation")
            let aggregation = try fields.required("aggregation", expected: "\"sum\" or \"mean\"")
            self = .trials(try Self.list(fields), aggregation: try aggregation.oneOf())
        default:
            throw kind.mismatch(Self.kinds)
        }
    }
}
