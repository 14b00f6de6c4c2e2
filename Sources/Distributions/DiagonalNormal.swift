public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent normal distributions.
///
///     log p(θ) = −½ Σ ((θᵢ − mᵢ) / sᵢ)² − Σ log sᵢ − (D/2) log 2π
public struct DiagonalNormal: Distribution {
    /// The expectation, `[D]`.
    public let mean: [Double]
    /// The standard deviation of each dimension, `[D]`.
    public let standardDeviation: [Double]
    /// The log density at the mean.
    private let logPeak: Double

    /// Checks the parameters, each `[D]`.
    public init(mean: [Double], standardDeviation: [Double]) throws(DistributionError) {
        guard !mean.isEmpty else { throw .empty(distribution: "a diagonal normal") }
        try check(mean, field: "mean", count: mean.count)
        try check(standardDeviation, field: "standard_deviation", count: mean.count)
        try checkPositive(standardDeviation, field: "standard_deviation")
        self.mean = mean
        self.standardDeviation = standardDeviation
        logPeak = standardDeviation.reduce(0) { $0 - log($1) } - halfLogTwoPi * Double(mean.count)
    }

    /// D, the number of dimensions.
    public var dimension: Int { mean.count }
    /// The identity in each dimension.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .identity, count: dimension)
    }
    /// The variance of each dimension, `[D]`.
    public var variance: [Double] { standardDeviation.map { $0 * $0 } }

    /// The log density at theta, `[D]`; −∞ at infinities.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var squares = 0.0
        for index in 0..<dimension {
            let z = (theta[index] - mean[index]) / standardDeviation[index]
            squares += z * z
        }
        return logPeak - squares / 2
    }

    /// Draws theta, `[D]`: one normal number a dimension.
    public func sample(using stream: inout RandomStream) -> [Double] {
        var theta = mean
        for index in 0..<dimension {
            theta[index] += standardDeviation[index] * stream.normal()
        }
        return theta
    }
}

/// ½ log 2π.
let halfLogTwoPi = 0.918_938_533_204_672_7
