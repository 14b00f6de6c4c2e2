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
    /// Independent factors, whose dimensions are concatenated in order.
    case product([DistributionDescription])
}
