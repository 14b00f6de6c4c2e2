public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A normal distribution with full covariance Σ = C Cᵀ, C lower triangular.
///
///     log p(θ) = −½ ‖C⁻¹ (θ − m)‖² − Σ log Cᵢᵢ − (D/2) log 2π
public struct MultivariateNormal: Distribution {
    /// The expectation, `[D]`.
    public let mean: [Double]
    /// The covariance, `[D, D]`, row by row.
    public let covariance: [Double]
    /// The Cholesky factor C of the covariance, `[D, D]`, row by row; zero above the diagonal.
    public let choleskyFactor: [Double]
    /// The log density at the mean.
    private let logPeak: Double

    /// Checks the parameters and factorises the covariance.
    ///
    /// The covariance may differ from its transpose by rounding, 1e-9 of the standard deviations'
    /// product; the lower triangle is used.
    ///
    /// - Parameters:
    ///   - mean: The expectation, `[D]`.
    ///   - covariance: The covariance, `[D, D]`, row by row.
    /// - Throws: `DistributionError` naming the field and the entry.
    public init(mean: [Double], covariance: [Double]) throws(DistributionError) {
        guard !mean.isEmpty else { throw .empty(distribution: "a multivariate normal") }
        let dimension = mean.count
        try check(mean, field: "mean", count: dimension)
        try check(covariance, field: "covariance", count: dimension * dimension)
        for row in 0..<dimension {
            for column in 0..<row {
                let scale =
                    abs(covariance[row * dimension + row]).squareRoot()
                    * abs(covariance[column * dimension + column]).squareRoot()
                let difference =
                    covariance[row * dimension + column] - covariance[column * dimension + row]
                guard abs(difference) <= 1e-9 * scale else {
                    throw .notSymmetric(row: row, column: column)
                }
            }
        }
        self.mean = mean
        self.covariance = covariance
        choleskyFactor = try Self.choleskyFactor(of: covariance, dimension: dimension)
        var logPeak = -halfLogTwoPi * Double(dimension)
        for index in 0..<dimension {
            logPeak -= log(choleskyFactor[index * dimension + index])
        }
        self.logPeak = logPeak
    }

    /// D, the number of dimensions.
    public var dimension: Int { mean.count }
    /// The identity in each dimension.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .identity, count: dimension)
    }
    /// The diagonal of the covariance, `[D]`.
    public var variance: [Double] {
        (0..<dimension).map { covariance[$0 * dimension + $0] }
    }

    /// The log density at theta, `[D]`; −∞ at infinities.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        if theta.contains(where: \.isNaN) { return .nan }
        if theta.contains(where: \.isInfinite) { return -.infinity }
        var squares = 0.0
        var z = theta
        for row in 0..<dimension {
            var sum = theta[row] - mean[row]
            for column in 0..<row {
                sum -= choleskyFactor[row * dimension + column] * z[column]
            }
            z[row] = sum / choleskyFactor[row * dimension + row]
            squares += z[row] * z[row]
        }
        return logPeak - squares / 2
    }

    /// Draws theta, `[D]`: mean + C z with one normal number a dimension.
    public func sample(using stream: inout RandomStream) -> [Double] {
        let z = (0..<dimension).map { _ in stream.normal() }
        var theta = mean
        for row in 0..<dimension {
            for column in 0...row {
                theta[row] += choleskyFactor[row * dimension + column] * z[column]
            }
        }
        return theta
    }

    /// The lower triangular C with C Cᵀ = matrix, row by row (Cholesky–Banachiewicz).
    private static func choleskyFactor(
        of matrix: [Double],
        dimension: Int
    ) throws(DistributionError) -> [Double] {
        var factor = Array(repeating: 0.0, count: matrix.count)
        for row in 0..<dimension {
            for column in 0...row {
                var sum = matrix[row * dimension + column]
                for inner in 0..<column {
                    sum -= factor[row * dimension + inner] * factor[column * dimension + inner]
                }
                if column < row {
                    factor[row * dimension + column] = sum / factor[column * dimension + column]
                } else {
                    // What rounding leaves of a singular matrix is no variance.
                    guard sum > 1e-14 * matrix[row * dimension + row] else {
                        throw .notPositiveDefinite(row: row)
                    }
                    factor[row * dimension + row] = sum.squareRoot()
                }
            }
        }
        return factor
    }
}
