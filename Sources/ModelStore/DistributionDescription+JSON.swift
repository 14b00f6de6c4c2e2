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
            "\"box_uniform\", \"diagonal_normal\", \"multivariate_normal\", \"log_normal\" or"
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
        _ fields: JSONFields
    ) throws(JSONFieldError) -> ([Double], [Double]) {
        try fields.refuseOthers(than: ["type", first, second])
        let left = try fields.required(first, expected: "a list of numbers").doubles()
        let other = try fields.required(second, expected: "a list of numbers")
        let right = try other.doubles()
        guard left.count == right.count, !left.isEmpty else {
            throw other.mismatch("as many numbers as \(first) has, at least one")
        }
        return (left, right)
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
