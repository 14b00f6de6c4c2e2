import StrictJSON

/// Which quantiles and credible intervals a summary gives, in the order asked.
package struct SummaryLevels {
    /// Probabilities from 0 to 1.
    var quantiles = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]
    /// Shares of the draws, above 0 and below 1.
    var credibleIntervals = [0.5, 0.9]

    /// The names of its fields in a request.
    static let names = ["quantiles", "credible_intervals"]
    /// The most levels of one kind.
    private static let mostLevels = 64

    /// Makes levels that are within bounds.
    package init(quantiles: [Double], credibleIntervals: [Double]) {
        self.quantiles = quantiles
        self.credibleIntervals = credibleIntervals
    }

    /// Reads the levels of a request; they may only be asked for together with a summary.
    init(_ fields: JSONFields, output: SampleAnswer.Output) throws(JSONFieldError) {
        for name in Self.names where output == .samples {
            guard let field = fields.optional(name) else { continue }
            throw field.mismatch("\"output\": \"summary\" or \"both\" beside it")
        }
        if let field = fields.optional("quantiles") {
            quantiles = try Self.levels(field, "a probability from 0 to 1") { $0 >= 0 && $0 <= 1 }
        }
        if let field = fields.optional("credible_intervals") {
            credibleIntervals = try Self.levels(field, "a level above 0 and below 1") {
                $0 > 0 && $0 < 1
            }
        }
    }

    private static func levels(
        _ field: JSONField,
        _ expected: String,
        isLevel: (Double) -> Bool
    ) throws(JSONFieldError) -> [Double] {
        let elements = try field.elements()
        guard elements.count <= mostLevels else {
            throw field.mismatch("at most \(mostLevels) levels")
        }
        var levels: [Double] = []
        for element in elements {
            // −0 is 0.
            let level = try element.double() + 0
            guard isLevel(level) else { throw element.mismatch(expected) }
            guard !levels.contains(level) else {
                throw element.mismatch("levels that differ from each other")
            }
            levels.append(level)
        }
        return levels
    }

    /// How many numbers the summary of D parameters holds.
    func numbers(thetaDim: Int) -> Int {
        thetaDim * (2 + quantiles.count + 2 * credibleIntervals.count + thetaDim)
    }
}
