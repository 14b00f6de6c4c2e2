import Estimators
import StrictJSON

extension MixtureMADEArchitecture {
    /// Writes the fields beside `architecture`.
    func writeFields(to writer: inout JSONWriter) {
        writer.key("components")
        writer.integer(components)
        writer.key("deviation_floor")
        writer.number(deviationFloor)
        writer.key("degrees")
        writer.integers(degrees)
        writer.key("blocks")
        writer.integer(blocks)
        writer.key("activation")
        writer.string(activation.rawValue)
    }

    /// Reads a structure; a field that is not known could change the maths and is refused.
    init(_ fields: JSONFields) throws(JSONFieldError) {
        try fields.refuseOthers(than: [
            "architecture", "components", "deviation_floor", "degrees", "blocks", "activation",
        ])
        let integers = 0...65_536
        self.init(
            components: try fields.required("components", expected: "an integer")
                .integer(in: integers),
            deviationFloor: try fields.required("deviation_floor", expected: "a number").double(),
            degrees: try fields.required("degrees", expected: "a list of integers")
                .integers(in: integers),
            blocks: try fields.required("blocks", expected: "an integer").integer(in: integers),
            activation: try fields.required("activation", expected: "the name of a function")
                .oneOf()
        )
    }
}
