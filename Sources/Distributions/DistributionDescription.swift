/// What defines a distribution: the value a model file stores and `makeDistribution()` validates.
public indirect enum DistributionDescription: Sendable, Equatable {
    /// Independent normals: `mean` and `standardDeviation`, each `[D]`.
    case diagonalNormal(mean: [Double], standardDeviation: [Double])
    /// A normal with full covariance, `[D, D]` row by row.
    case multivariateNormal(mean: [Double], covariance: [Double])
    /// Uniform on the closed box `[lower, upper]`, each `[D]`.
    case boxUniform(lower: [Double], upper: [Double])
    /// Independent log-normals: `logMean` and `logStandardDeviation` of log theta, each `[D]`.
    case logNormal(logMean: [Double], logStandardDeviation: [Double])
    /// Independent normals restricted to `[lower, upper]`, each `[D]`; a bound may be infinite.
    case truncatedNormal(
        mean: [Double],
        standardDeviation: [Double],
        lower: [Double],
        upper: [Double]
    )
    /// Independent log-uniforms on `[lower, upper]`, each `[D]` and positive.
    case logUniform(lower: [Double], upper: [Double])
    /// Independent gammas: `shape` and `rate`, each `[D]`.
    case gamma(shape: [Double], rate: [Double])
    /// Independent betas on `(lower, upper)`, each `[D]`.
    case beta(alpha: [Double], beta: [Double], lower: [Double], upper: [Double])
    /// Independent exponentials, `rate` `[D]`.
    case exponential(rate: [Double])
    /// Independent factors, whose dimensions are concatenated in order.
    case product([DistributionDescription])
}

extension DistributionDescription {
    /// D, the number of dimensions.
    public var dimension: Int {
        switch self {
        case .diagonalNormal(let mean, _), .multivariateNormal(let mean, _): mean.count
        case .boxUniform(let lower, _): lower.count
        case .logNormal(let logMean, _): logMean.count
        case .truncatedNormal(let mean, _, _, _): mean.count
        case .logUniform(let lower, _): lower.count
        case .gamma(let shape, _): shape.count
        case .beta(let alpha, _, _, _): alpha.count
        case .exponential(let rate): rate.count
        case .product(let factors): factors.reduce(0) { $0 + $1.dimension }
        }
    }

    /// The bijection of each dimension to the whole line, `[D]`.
    public var supportTransforms: [SupportTransform] {
        switch self {
        case .diagonalNormal(let mean, _), .multivariateNormal(let mean, _):
            Array(repeating: .identity, count: mean.count)
        case .boxUniform(let lower, let upper):
            zip(lower, upper).map { .interval(lower: $0, upper: $1) }
        case .logNormal(let values, _), .gamma(let values, _), .exponential(let values):
            Array(repeating: .positive, count: values.count)
        case .truncatedNormal(_, _, let lower, let upper):
            zip(lower, upper).map { TruncatedNormal.transform(lower: $0, upper: $1) }
        case .logUniform(let lower, let upper):
            zip(lower, upper).map { .logInterval(lower: $0, upper: $1) }
        case .beta(_, _, let lower, let upper):
            zip(lower, upper).map { .interval(lower: $0, upper: $1) }
        case .product(let factors):
            factors.flatMap(\.supportTransforms)
        }
    }

    /// The distribution described.
    ///
    /// - Throws: `DistributionError` naming the first part that does not define one.
    public func makeDistribution() throws(DistributionError) -> any Distribution {
        switch self {
        case .diagonalNormal(let mean, let standardDeviation):
            return try DiagonalNormal(mean: mean, standardDeviation: standardDeviation)
        case .multivariateNormal(let mean, let covariance):
            return try MultivariateNormal(mean: mean, covariance: covariance)
        case .boxUniform(let lower, let upper):
            return try BoxUniform(lower: lower, upper: upper)
        case .logNormal(let logMean, let logStandardDeviation):
            return try LogNormal(logMean: logMean, logStandardDeviation: logStandardDeviation)
        case .truncatedNormal(let mean, let standardDeviation, let lower, let upper):
            return try TruncatedNormal(
                mean: mean,
                standardDeviation: standardDeviation,
                lower: lower,
                upper: upper
            )
        case .logUniform(let lower, let upper):
            return try LogUniform(lower: lower, upper: upper)
        case .gamma(let shape, let rate):
            return try Gamma(shape: shape, rate: rate)
        case .beta(let alpha, let beta, let lower, let upper):
            return try Beta(alpha: alpha, beta: beta, lower: lower, upper: upper)
        case .exponential(let rate):
            return try Exponential(rate: rate)
        case .product(let descriptions):
            var factors: [any Distribution] = []
            for description in descriptions {
                factors.append(try description.makeDistribution())
            }
            return try ProductDistribution(factors: factors)
        }
    }
}
