import StrictJSON

/// What sizes of perturbations are counted in.
enum EpsilonUnit: String {
    /// The model's data scale s.
    case dataScale = "data_scale"
    /// The user's units of x.
    case absolute

    /// The largest size in data scales: such a perturbation has left the data far behind.
    private static let mostScales = 1000.0
    /// The largest absolute size.
    private static let mostAbsolute = 1e12

    /// The names of its fields in a request.
    static let names = ["epsilon", "epsilon_unit"]

    /// Reads `epsilon_unit`; left out, it is the data scale, which the model must have.
    init(_ fields: JSONFields, dataScale: Double?) throws(JSONFieldError) {
        self = .dataScale
        if let field = fields.optional("epsilon_unit") {
            guard let unit = try Self(rawValue: field.string()) else {
                throw field.mismatch("\"data_scale\" or \"absolute\"")
            }
            self = unit
        }
        guard self == .absolute || dataScale != nil else {
            throw .mismatch(
                path: "epsilon_unit",
                expected: "\"absolute\", since the model has no data scale",
                found: "\"data_scale\", which is meant where nothing is said"
            )
        }
    }

    /// Reads a size.
    ///
    /// - Returns: As it was sent, and in the user's units.
    func size(
        _ field: JSONField,
        dataScale: Double?
    ) throws(JSONFieldError) -> (epsilon: Double, radius: Double) {
        let epsilon = try field.double()
        let most = self == .dataScale ? Self.mostScales : Self.mostAbsolute
        guard epsilon > 0, epsilon <= most else {
            let unit = self == .dataScale ? "data scales" : "units of x"
            throw field.mismatch("a number of \(unit) above 0 and up to \(most)")
        }
        return (epsilon, self == .dataScale ? epsilon * (dataScale ?? 1) : epsilon)
    }
}
