public import Distributions
public import StrictJSON

extension DistributionDescription {
    /// Writes the form that model files and prior files use.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("type")
        switch self {
        case .diagonalNormal(let mean, let standardDeviation):
            writer.string("diagonal_normal")
            writer.key("mean")
            writer.numbers(mean)
            writer.key("standard_deviation")
            writer.numbers(standardDeviation)
        case .multivariateNormal(let mean, let covariance):
            writer.string("multivariate_normal")
            writer.key("mean")
            writer.numbers(mean)
            writer.key("covariance")
            writer.beginArray()
            for row in stride(from: 0, to: covariance.count, by: max(mean.count, 1)) {
                writer.numbers(
                    Array(covariance[row..<min(row + mean.count, covariance.count)])
                )
            }
            writer.endArray()
        case .boxUniform(let lower, let upper):
            writer.string("box_uniform")
            writer.key("lower")
            writer.numbers(lower)
            writer.key("upper")
            writer.numbers(upper)
        case .logNormal(let logMean, let logStandardDeviation):
            writer.string("log_normal")
            writer.key("log_mean")
            writer.numbers(logMean)
            writer.key("log_standard_deviation")
            writer.numbers(logStandardDeviation)
        case .truncatedNormal(let mean, let standardDeviation, let lower, let upper):
            writer.string("truncated_normal")
            writer.key("mean")
            writer.numbers(mean)
            writer.key("standard_deviation")
            writer.numbers(standardDeviation)
            writer.key("lower")
            writer.bounds(lower)
            writer.key("upper")
            writer.bounds(upper)
        case .logUniform(let lower, let upper):
            writer.string("log_uniform")
            writer.key("lower")
            writer.numbers(lower)
            writer.key("upper")
            writer.numbers(upper)
        case .gamma(let shape, let rate):
            writer.string("gamma")
            writer.key("shape")
            writer.numbers(shape)
            writer.key("rate")
            writer.numbers(rate)
        case .beta(let alpha, let beta, let lower, let upper):
            writer.string("beta")
            writer.key("alpha")
            writer.numbers(alpha)
            writer.key("beta")
            writer.numbers(beta)
            writer.key("lower")
            writer.numbers(lower)
            writer.key("upper")
            writer.numbers(upper)
        case .exponential(let rate):
            writer.string("exponential")
            writer.key("rate")
            writer.numbers(rate)
        case .product(let factors):
            writer.string("product")
            writer.key("factors")
            writer.beginArray()
            for factor in factors {
                factor.write(to: &writer)
            }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Reads the form that `write(to:)` writes.
    ///
    /// Lengths are checked against each other here; whether the numbers make a distribution is
    /// decided where the distribution is made.
    ///
    /// - Throws: `JSONFieldError` naming the field.
    public init(_ field: JSONField) throws(JSONFieldError) {
        let types =
            "\"box_uniform\", \"diagonal_normal\", \"multivariate_normal\", \"log_normal\","
            + " \"truncated_normal\", \"log_uniform\", \"gamma\", \"beta\", \"exponential\" or"
            + " \"product\""
        let fields = try field.object()
        let type = try fields.required("type", expected: types)
        switch try type.string() {
        case "diagonal_normal":
            let (mean, deviation) = try Self.pair("mean", "standard_deviation", fields)
            self = .diagonalNormal(mean: mean, standardDeviation: deviation)
        case "multivariate_normal":
            self = try Self.multivariateNormal(fields)
        case "box_uniform":
            let (lower, upper) = try Self.pair("lower", "upper", fields)
            self = .boxUniform(lower: lower, upper: upper)
        case "log_normal":
            let (mean, deviation) = try Self.pair("log_mean", "log_standard_deviation", fields)
            self = .logNormal(logMean: mean, logStandardDeviation: deviation)
        case "truncated_normal":
            self = try Self.truncatedNormal(fields)
        case "log_uniform":
            let (lower, upper) = try Self.pair("lower", "upper", fields)
            self = .logUniform(lower: lower, upper: upper)
        case "gamma":
            let (shape, rate) = try Self.pair("shape", "rate", fields)
            self = .gamma(shape: shape, rate: rate)
        case "beta":
            self = try Self.beta(fields)
        case "exponential":
            try fields.refuseOthers(than: ["type", "rate"])
            let field = try fields.required("rate", expected: "a list of numbers")
            let rate = try field.doubles()
            guard !rate.isEmpty else { throw field.mismatch("at least one number") }
            self = .exponential(rate: rate)
        case "product":
            try fields.refuseOthers(than: ["type", "factors"])
            var factors: [DistributionDescription] = []
            for factor in try fields.required("factors", expected: "a list").elements() {
                factors.append(try DistributionDescription(factor))
            }
            self = .product(factors)
        default:
            throw type.mismatch(types)
        }
    }

    private static func pair(
        _ first: String,
        _ second: String,
        _ fields: JSONFields,
        others: [String] = []
    ) throws(JSONFieldError) -> ([Double], [Double]) {
        try fields.refuseOthers(than: ["type", first, second] + others)
        let left = try fields.required(first, expected: "a list of numbers").doubles()
        let other = try fields.required(second, expected: "a list of numbers")
        let right = try other.doubles()
        guard left.count == right.count, !left.isEmpty else {
            throw other.mismatch("as many numbers as \(first) has, at least one")
        }
        return (left, right)
    }

    private static func truncatedNormal(
        _ fields: JSONFields
    ) throws(JSONFieldError) -> DistributionDescription {
        let others = ["lower", "upper"]
        let (mean, deviation) = try pair("mean", "standard_deviation", fields, others: others)
        return .truncatedNormal(
            mean: mean,
            standardDeviation: deviation,
            lower: try bounds("lower", fields, count: mean.count, absent: -.infinity),
            upper: try bounds("upper", fields, count: mean.count, absent: .infinity)
        )
    }

    private static func beta(
        _ fields: JSONFields
    ) throws(JSONFieldError) -> DistributionDescription {
        let (alpha, beta) = try pair("alpha", "beta", fields, others: ["lower", "upper"])
        func side(_ name: String, absent: Double) throws(JSONFieldError) -> [Double] {
            guard let field = fields.optional(name) else {
                return Array(repeating: absent, count: alpha.count)
            }
            let values = try field.doubles()
            guard values.count == alpha.count else {
                throw field.mismatch("as many numbers as alpha has")
            }
            return values
        }
        return .beta(
            alpha: alpha,
            beta: beta,
            lower: try side("lower", absent: 0),
            upper: try side("upper", absent: 1)
        )
    }

    /// Bounds of which any, or all, may be left out as `null`.
    private static func bounds(
        _ name: String,
        _ fields: JSONFields,
        count: Int,
        absent: Double
    ) throws(JSONFieldError) -> [Double] {
        guard let field = fields.optional(name) else {
            return Array(repeating: absent, count: count)
        }
        let elements = try field.elements()
        guard elements.count == count else {
            throw field.mismatch("as many numbers as mean has")
        }
        var bounds: [Double] = []
        for element in elements {
            bounds.append(element.value.kind == .null ? absent : try element.double())
        }
        return bounds
    }

    private static func multivariateNormal(
        _ fields: JSONFields
    ) throws(JSONFieldError) -> DistributionDescription {
        try fields.refuseOthers(than: ["type", "mean", "covariance"])
        let mean = try fields.required("mean", expected: "a list of numbers").doubles()
        let matrix = try fields.required("covariance", expected: "a list of rows")
        let rows = try matrix.elements()
        guard rows.count == mean.count, !mean.isEmpty else {
            throw matrix.mismatch("\(mean.count) rows, at least one")
        }
        var covariance: [Double] = []
        for row in rows {
            let entries = try row.doubles()
            guard entries.count == mean.count else {
                throw row.mismatch("\(mean.count) numbers")
            }
            covariance += entries
        }
        return .multivariateNormal(mean: mean, covariance: covariance)
    }
}

extension JSONWriter {
    /// Writes bounds, those at infinity as `null`.
    fileprivate mutating func bounds(_ values: [Double]) {
        beginArray()
        for value in values {
            if value.isFinite { number(value) } else { null() }
        }
        endArray()
    }
}
