public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent log-normal distributions: log θ is normal.
///
///     log p(θ) = log N(log θ; m, s²) − Σ log θᵢ  for θ > 0
public struct LogNormal: Distribution {
    /// The distribution of log theta.
    private let logTheta: DiagonalNormal

    /// Checks the mean and the standard deviation of log theta, each `[D]`.
    public init(
        logMean: [Double],
        logStandardDeviation: [Double]
    ) throws(DistributionError) {
        guard !logMean.isEmpty else { throw .empty(distribution: "a log-normal") }
        try check(logMean, field: "log_mean", count: logMean.count)
        try check(logStandardDeviation, field: "log_standard_deviation", count: logMean.count)
        try checkPositive(logStandardDeviation, field: "log_standard_deviation")
        logTheta = try DiagonalNormal(mean: logMean, standardDeviation: logStandardDeviation)
    }

    /// D, the number of dimensions.
    public var dimension: Int { logTheta.dimension }
    /// The logarithm in each dimension.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .positive, count: dimension)
    }
    /// The expectation exp(m + s²/2), `[D]`.
    public var mean: [Double] {
        zip(logTheta.mean, logTheta.variance).map { exp($0 + $1 / 2) }
    }
    /// The variance (exp s² − 1) exp(2m + s²), `[D]`.
    public var variance: [Double] {
        zip(logTheta.mean, logTheta.variance).map { expm1($1) * exp(2 * $0 + $1) }
    }

    /// The log density at theta, `[D]`; −∞ unless every entry is above zero.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var jacobian = 0.0
        var logs = theta
        for index in 0..<dimension {
            if theta[index].isNaN { return .nan }
            outside = outside || theta[index] <= 0 || theta[index] == .infinity
            logs[index] = log(theta[index])
            jacobian -= logs[index]
        }
        return outside ? -.infinity : logTheta.logDensity(of: logs) + jacobian
    }

    /// Draws theta, `[D]`: one normal number a dimension.
    public func sample(using stream: inout RandomStream) -> [Double] {
        logTheta.sample(using: &stream).map { SupportTransform.positive.toSupport($0) }
    }
}
