public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The uniform distribution on a closed box.
///
///     log p(θ) = −Σ log(upperᵢ − lowerᵢ)  for lower ≤ θ ≤ upper
public struct BoxUniform: Distribution {
    /// The least value of each dimension, `[D]`.
    public let lower: [Double]
    /// The greatest value of each dimension, `[D]`.
    public let upper: [Double]
    /// The log density inside the box.
    private let logHeight: Double

    /// Checks the bounds, each `[D]`.
    public init(lower: [Double], upper: [Double]) throws(DistributionError) {
        guard !lower.isEmpty else { throw .empty(distribution: "a box uniform") }
        try check(lower, field: "lower", count: lower.count)
        try check(upper, field: "upper", count: lower.count)
        var logVolume = 0.0
        for (index, bounds) in zip(lower, upper).enumerated() {
            let (low, high) = bounds
            guard low < high else {
                throw .lowerNotBelowUpper(index: index, lower: low, upper: high)
            }
            let interval = SupportTransform.interval(lower: low, upper: high)
            guard (high - low).isFinite, interval.singlePrecisionBounds != nil else {
                throw .unusableInterval(index: index, lower: low, upper: high)
            }
            logVolume += log(high - low)
        }
        self.lower = lower
        self.upper = upper
        logHeight = -logVolume
    }

    /// D, the number of dimensions.
    public var dimension: Int { lower.count }
    /// The scaled logit in each dimension.
    public var supportTransforms: [SupportTransform] {
        zip(lower, upper).map { .interval(lower: $0, upper: $1) }
    }
    /// The centre of the box, `[D]`.
    public var mean: [Double] { zip(lower, upper).map { $0 + ($1 - $0) / 2 } }
    /// The variance (upper − lower)² / 12, `[D]`.
    public var variance: [Double] { zip(lower, upper).map { ($1 - $0) * ($1 - $0) / 12 } }

    /// The log density at theta, `[D]`; the bounds belong to the box.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        for index in 0..<dimension {
            if theta[index].isNaN { return .nan }
            outside = outside || theta[index] < lower[index] || theta[index] > upper[index]
        }
        return outside ? -.infinity : logHeight
    }

    /// Draws theta, `[D]`: one uniform number a dimension, strictly inside the box.
    public func sample(using stream: inout RandomStream) -> [Double] {
        var theta = lower
        for index in 0..<dimension {
            let value = lower[index] + (upper[index] - lower[index]) * stream.uniform()
            // Rounding may reach a bound where the box is only a few numbers wide.
            theta[index] = min(max(value, lower[index].nextUp), upper[index].nextDown)
        }
        return theta
    }
}
