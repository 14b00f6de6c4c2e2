public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent normal distributions, each restricted to an interval or half-line.
///
///     log p(θ) = Σ log N(θᵢ; mᵢ, sᵢ²) − log(Φ((upperᵢ − mᵢ)/sᵢ) − Φ((lowerᵢ − mᵢ)/sᵢ))
///
/// for lower ≤ θ ≤ upper; m and s are those of the normal before it is restricted.
public struct TruncatedNormal: Distribution {
    /// The expectation of the normal before it is restricted, `[D]`.
    public let location: [Double]
    /// The standard deviation of the normal before it is restricted, `[D]`.
    public let scale: [Double]
    /// The least value of each dimension, `[D]`; −∞ where there is none.
    public let lower: [Double]
    /// The greatest value of each dimension, `[D]`; ∞ where there is none.
    public let upper: [Double]
    /// The log density at the means, were they inside.
    private let logPeak: Double

    /// Checks the parameters, each `[D]`.
    ///
    /// - Parameters:
    ///   - mean: The expectation before restriction.
    ///   - standardDeviation: The standard deviation before restriction.
    ///   - lower: The least values; −∞ for none.
    ///   - upper: The greatest values; ∞ for none.
    /// - Throws: `DistributionError` naming the field and the entry.
    public init(
        mean: [Double],
        standardDeviation: [Double],
        lower: [Double],
        upper: [Double]
    ) throws(DistributionError) {
        guard !mean.isEmpty else { throw .empty(distribution: "a truncated normal") }
        let dimension = mean.count
        try check(mean, field: "mean", count: dimension)
        try check(standardDeviation, field: "standard_deviation", count: dimension)
        try checkPositive(standardDeviation, field: "standard_deviation")
        for (field, bounds) in [("lower", lower), ("upper", upper)] {
            let unbounded = field == "lower" ? -Double.infinity : .infinity
            // An infinite bound is none; what is checked is the others.
            try check(bounds.map { $0 == unbounded ? 0 : $0 }, field: field, count: dimension)
        }
        var logPeak = -halfLogTwoPi * Double(dimension)
        for index in 0..<dimension {
            let (low, high) = (lower[index], upper[index])
            guard low < high else {
                throw .lowerNotBelowUpper(index: index, lower: low, upper: high)
            }
            guard Self.transform(lower: low, upper: high).singlePrecisionBounds != nil else {
                throw .unusableInterval(index: index, lower: low, upper: high)
            }
            let logMass = logNormalMass(
                from: (low - mean[index]) / standardDeviation[index],
                to: (high - mean[index]) / standardDeviation[index]
            )
            guard logMass > -.infinity else {
                throw .noMass(index: index, lower: low, upper: high)
            }
            logPeak -= log(standardDeviation[index]) + logMass
        }
        location = mean
        scale = standardDeviation
        self.lower = lower
        self.upper = upper
        self.logPeak = logPeak
    }

    /// D, the number of dimensions.
    public var dimension: Int { location.count }
    /// The bijection that suits the bounds of each dimension.
    public var supportTransforms: [SupportTransform] {
        zip(lower, upper).map { Self.transform(lower: $0, upper: $1) }
    }
    /// The expectation of the restricted distribution, `[D]`.
    public var mean: [Double] {
        (0..<dimension).map { location[$0] + scale[$0] * standardMoments($0).mean }
    }
    /// The variance of the restricted distribution, `[D]`.
    public var variance: [Double] {
        (0..<dimension).map { scale[$0] * scale[$0] * standardMoments($0).variance }
    }

    /// The bijection of an interval whose bounds may be infinite.
    static func transform(lower: Double, upper: Double) -> SupportTransform {
        switch (lower > -.infinity, upper < .infinity) {
        case (false, false): .identity
        case (true, false): .above(lower: lower)
        case (false, true): .below(upper: upper)
        case (true, true): .interval(lower: lower, upper: upper)
        }
    }

    /// The log density at theta, `[D]`; finite bounds belong to the support.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var squares = 0.0
        for index in 0..<dimension {
            let value = theta[index]
            if value.isNaN { return .nan }
            outside = outside || value < lower[index] || value > upper[index]
            let z = (value - location[index]) / scale[index]
            squares += z * z
        }
        return outside ? -.infinity : logPeak - squares / 2
    }

    /// Draws theta, `[D]`, by rejection.
    public func sample(using stream: inout RandomStream) -> [Double] {
        (0..<dimension).map { index in
            let bounds = standardBounds(index)
            let z = Self.draw(from: bounds.lower, to: bounds.upper, using: &stream)
            return min(max(location[index] + scale[index] * z, lower[index]), upper[index])
        }
    }

    /// The bounds of a dimension in standard deviations from the mean.
    private func standardBounds(_ index: Int) -> (lower: Double, upper: Double) {
        (
            (lower[index] - location[index]) / scale[index],
            (upper[index] - location[index]) / scale[index]
        )
    }

    /// A standard normal number between bounds, at least half of the proposals accepted.
    ///
    /// *Reference*: Robert (1995), Simulation of truncated normal variables,
    /// doi:10.1007/BF00143942, with the exponential proposal cut at the far bound.
    private static func draw(
        from lower: Double,
        to upper: Double,
        using stream: inout RandomStream
    ) -> Double {
        if upper <= 0, lower < 0 {
            return -draw(from: -upper, to: -lower, using: &stream)
        }
        if lower <= 0 {
            let isNarrow = upper - lower < (2 * Double.pi).squareRoot()
            while true {
                if isNarrow {
                    let z = lower + (upper - lower) * stream.uniform()
                    if log(stream.uniform()) <= -z * z / 2 { return z }
                } else {
                    let z = stream.normal()
                    if z >= lower, z <= upper { return z }
                }
            }
        }
        let rate = (lower + (lower * lower + 4).squareRoot()) / 2
        let share = -expm1(-rate * (upper - lower))
        let mode = min(rate, upper)
        while true {
            let z = lower - log1p(-share * stream.uniform()) / rate
            let logAcceptance = ((mode - rate) * (mode - rate) - (z - rate) * (z - rate)) / 2
            if log(stream.uniform()) <= logAcceptance { return min(z, upper) }
        }
    }

    /// Mean and variance of a dimension in units of its scale, by Simpson's rule around the mode.
    ///
    /// The closed form cancels where the interval is narrow or far from the mean.
    private func standardMoments(_ index: Int) -> (mean: Double, variance: Double) {
        let bounds = standardBounds(index)
        let mode = min(max(0, bounds.lower), bounds.upper)
        // Where the density has fallen to exp(−45) of its peak, on either side.
        let slope = abs(mode)
        let reach = 90 / (slope + (slope * slope + 90).squareRoot())
        let start = max(bounds.lower - mode, -reach)
        let end = min(bounds.upper - mode, reach)
        let count = 2000
        let step = (end - start) / Double(count)
        var (mass, first, second) = (0.0, 0.0, 0.0)
        for point in 0...count {
            let t = start + step * Double(point)
            let isEnd = point == 0 || point == count
            let weight = (isEnd ? 1.0 : point % 2 == 1 ? 4 : 2) * exp(-t * (mode + t / 2))
            mass += weight
            first += weight * t
            second += weight * t * t
        }
        let mean = first / mass
        return (mode + mean, second / mass - mean * mean)
    }
}

/// log(Φ(b) − Φ(a)) for a < b, Φ the standard normal's distribution function.
private func logNormalMass(from a: Double, to b: Double) -> Double {
    if a >= 0 { return logNormalMass(from: -b, to: -a) }
    let root = 0.5.squareRoot()
    if b > 0 {
        // Opposite signs: nothing cancels.
        return log((erf(b * root) - erf(a * root)) / 2)
    }
    let logBelow = logNormalDistribution(b)
    return logBelow + log(-expm1(logNormalDistribution(a) - logBelow))
}

/// log Φ(x) for x ≤ 0.
private func logNormalDistribution(_ x: Double) -> Double {
    guard x < -20 else { return log(erfc(-x * 0.5.squareRoot()) / 2) }
    guard x > -.infinity else { return -.infinity }
    // Φ(x) = φ(x)/│x│ (1 − 1/x² + 3/x⁴ − 15/x⁶ + …), its sixth term below 1e-12 of the first.
    let square = 1 / (x * x)
    var (series, term) = (1.0, 1.0)
    for order in stride(from: 1.0, through: 13, by: 2) {
        term *= -order * square
        series += term
    }
    return -x * x / 2 - log(-x) - halfLogTwoPi + log(series)
}
