public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent exponential distributions.
///
///     log p(θ) = Σ log rateᵢ − rateᵢ θᵢ  for θ ≥ 0
public struct Exponential: Distribution {
    /// The rate of each dimension, `[D]`.
    public let rate: [Double]

    /// Checks the rates, `[D]`.
    public init(rate: [Double]) throws(DistributionError) {
        guard !rate.isEmpty else { throw .empty(distribution: "an exponential") }
        try check(rate, field: "rate", count: rate.count)
        try checkPositive(rate, field: "rate")
        self.rate = rate
    }

    /// D, the number of dimensions.
    public var dimension: Int { rate.count }
    /// The logarithm in each dimension.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .positive, count: dimension)
    }
    /// The expectation 1 / rate, `[D]`.
    public var mean: [Double] { rate.map { 1 / $0 } }
    /// The variance 1 / rate², `[D]`.
    public var variance: [Double] { rate.map { 1 / $0 / $0 } }

    /// The log density at theta, `[D]`; −∞ unless every entry is finite and at least zero.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var sum = 0.0
        for (value, rate) in zip(theta, rate) {
            if value.isNaN { return .nan }
            outside = outside || value < 0 || value == .infinity
            sum += log(rate) - rate * value
        }
        return outside ? -.infinity : sum
    }

    /// Draws theta, `[D]`: one uniform number a dimension.
    public func sample(using stream: inout RandomStream) -> [Double] {
        rate.map { -log(stream.uniform()) / $0 }
    }
}
