public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent log-uniform distributions: log θ is uniform.
///
///     log p(θ) = −Σ log θᵢ + log log(upperᵢ / lowerᵢ)  for lower ≤ θ ≤ upper
public struct LogUniform: Distribution {
    /// The least value of each dimension, `[D]`, positive.
    public let lower: [Double]
    /// The greatest value of each dimension, `[D]`.
    public let upper: [Double]

    /// The least lower bound: below it single precision has no digits between neighbours.
    static let leastLowerBound = 1e-30

    /// Checks the bounds, each `[D]`.
    public init(lower: [Double], upper: [Double]) throws(DistributionError) {
        guard !lower.isEmpty else { throw .empty(distribution: "a log-uniform") }
        try check(lower, field: "lower", count: lower.count)
        try check(upper, field: "upper", count: lower.count)
        try checkPositive(lower, field: "lower")
        for (index, bounds) in zip(lower, upper).enumerated() {
            let (low, high) = bounds
            guard low < high else {
                throw .lowerNotBelowUpper(index: index, lower: low, upper: high)
            }
            guard low >= Self.leastLowerBound else {
                throw .tooSmall(
                    field: "lower",
                    index: index,
                    found: low,
                    least: Self.leastLowerBound
                )
            }
            let interval = SupportTransform.logInterval(lower: low, upper: high)
            guard interval.singlePrecisionBounds != nil else {
                throw .unusableInterval(index: index, lower: low, upper: high)
            }
        }
        self.lower = lower
        self.upper = upper
    }

    /// D, the number of dimensions.
    public var dimension: Int { lower.count }
    /// The scaled logit of the logarithm in each dimension.
    public var supportTransforms: [SupportTransform] {
        zip(lower, upper).map { .logInterval(lower: $0, upper: $1) }
    }
    /// The expectation (upper − lower) / log(upper / lower), `[D]`.
    public var mean: [Double] {
        zip(lower, upper).map { ($1 - $0) / logRatio(of: $1, to: $0) }
    }
    /// The variance ½ (upper² − lower²) / log(upper / lower) − mean², `[D]`.
    public var variance: [Double] {
        zip(lower, upper).map { lower, upper in
            let mean = (upper - lower) / logRatio(of: upper, to: lower)
            return mean * ((upper + lower) / 2 - mean)
        }
    }

    /// The log density at theta, `[D]`; the bounds belong to the support.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var sum = 0.0
        for index in 0..<dimension {
            if theta[index].isNaN { return .nan }
            outside = outside || theta[index] < lower[index] || theta[index] > upper[index]
            sum -= log(theta[index]) + log(logRatio(of: upper[index], to: lower[index]))
        }
        return outside ? -.infinity : sum
    }

    /// Draws theta, `[D]`: one uniform number a dimension, strictly inside the support.
    public func sample(using stream: inout RandomStream) -> [Double] {
        zip(lower, upper).map { lower, upper in
            let theta = lower * exp(logRatio(of: upper, to: lower) * stream.uniform())
            return min(max(theta, lower.nextUp), upper.nextDown)
        }
    }
}

/// log(a / b) of positive numbers, with its digits where they are close.
func logRatio(of a: Double, to b: Double) -> Double {
    let excess = (a - b) / b
    return excess.isFinite ? log1p(excess) : log(a) - log(b)
}
