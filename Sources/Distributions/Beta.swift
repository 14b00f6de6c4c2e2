public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent beta distributions, each on an interval.
///
///     log p(θ) = Σ (αᵢ−1) log zᵢ + (βᵢ−1) log(1−zᵢ) − log B(αᵢ, βᵢ) − log wᵢ,
///     z = (θ − lower) / w,  w = upper − lower,  for lower < θ < upper
public struct Beta: Distribution {
    /// The exponent α of the distance from below, `[D]`.
    public let alpha: [Double]
    /// The exponent β of the distance from above, `[D]`.
    public let beta: [Double]
    /// The box the distribution lives on.
    private let box: BoxUniform
    /// −log B(α, β) − log w, summed.
    private let logNormalizer: Double

    /// Checks the parameters, each `[D]`.
    public init(
        alpha: [Double],
        beta: [Double],
        lower: [Double],
        upper: [Double]
    ) throws(DistributionError) {
        guard !alpha.isEmpty else { throw .empty(distribution: "a beta") }
        try check(alpha, field: "alpha", count: alpha.count)
        try check(beta, field: "beta", count: alpha.count)
        try check(lower, field: "lower", count: alpha.count)
        try checkPositive(alpha, field: "alpha")
        try checkPositive(beta, field: "beta")
        self.alpha = alpha
        self.beta = beta
        box = try BoxUniform(lower: lower, upper: upper)
        var logNormalizer = 0.0
        for index in alpha.indices {
            let (a, b) = (alpha[index], beta[index])
            logNormalizer += logGamma(a + b) - logGamma(a) - logGamma(b)
            logNormalizer -= log(upper[index] - lower[index])
        }
        self.logNormalizer = logNormalizer
    }

    /// The least value of each dimension, `[D]`.
    public var lower: [Double] { box.lower }
    /// The greatest value of each dimension, `[D]`.
    public var upper: [Double] { box.upper }
    /// D, the number of dimensions.
    public var dimension: Int { alpha.count }
    /// The scaled logit in each dimension.
    public var supportTransforms: [SupportTransform] { box.supportTransforms }
    /// The expectation lower + w α / (α + β), `[D]`.
    public var mean: [Double] {
        (0..<dimension).map { index in
            let (a, b) = (alpha[index], beta[index])
            return lower[index] + (upper[index] - lower[index]) * (a / (a + b))
        }
    }
    /// The variance w² αβ / ((α + β)² (α + β + 1)), `[D]`.
    public var variance: [Double] {
        (0..<dimension).map { index in
            let (a, b) = (alpha[index], beta[index])
            let width = upper[index] - lower[index]
            return width * width * (a / (a + b)) * (b / (a + b)) / (a + b + 1)
        }
    }

    /// The log density at theta, `[D]`; −∞ unless every entry is strictly inside its interval.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var sum = logNormalizer
        for index in 0..<dimension {
            let value = theta[index]
            if value.isNaN { return .nan }
            outside = outside || value <= lower[index] || value >= upper[index]
            let width = upper[index] - lower[index]
            sum += (alpha[index] - 1) * log((value - lower[index]) / width)
            sum += (beta[index] - 1) * log((upper[index] - value) / width)
        }
        return outside ? -.infinity : sum
    }

    /// Draws theta, `[D]`: the logit of z is the difference of the logarithms of two gammas.
    public func sample(using stream: inout RandomStream) -> [Double] {
        (0..<dimension).map { index in
            let logit = Self.logitDraw(alpha: alpha[index], beta: beta[index], using: &stream)
            return supportTransforms[index].toSupport(logit)
        }
    }

    /// Draws log(z / (1 − z)).
    package static func logitDraw(
        alpha: Double,
        beta: Double,
        using stream: inout RandomStream
    ) -> Double {
        let above = Gamma.logDraw(shape: alpha, using: &stream)
        return above - Gamma.logDraw(shape: beta, using: &stream)
    }
}
