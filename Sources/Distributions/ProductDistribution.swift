public import Kernels

/// Independent factors whose dimensions are concatenated in order.
///
///     log p(θ) = Σₖ log pₖ(θₖ)
public struct ProductDistribution: Distribution {
    /// The factors, in the order of their dimensions.
    public let factors: [any Distribution]
    /// D, the number of dimensions of all factors.
    public let dimension: Int

    /// Checks that there is a factor.
    public init(factors: [any Distribution]) throws(DistributionError) {
        guard !factors.isEmpty else { throw .empty(distribution: "a product") }
        self.factors = factors
        dimension = factors.reduce(0) { $0 + $1.dimension }
    }

    /// The bijections of the factors, `[D]`.
    public var supportTransforms: [SupportTransform] { factors.flatMap(\.supportTransforms) }
    /// The expectations of the factors, `[D]`.
    public var mean: [Double] { factors.flatMap(\.mean) }
    /// The variances of the factors, `[D]`.
    public var variance: [Double] { factors.flatMap(\.variance) }

    /// The sum of the factors' log densities at their parts of theta, `[D]`.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var sum = 0.0
        var outside = false
        var start = 0
        for factor in factors {
            let part = Array(theta[start..<start + factor.dimension])
            let term = factor.logDensity(of: part)
            if term.isNaN { return .nan }
            // Kept apart from the sum, where +∞ of another factor would make it NaN.
            outside = outside || term == -.infinity
            sum += term
            start += factor.dimension
        }
        return outside ? -.infinity : sum
    }

    /// Draws theta, `[D]`, factor by factor from the one stream.
    public func sample(using stream: inout RandomStream) -> [Double] {
        var theta: [Double] = []
        theta.reserveCapacity(dimension)
        for factor in factors {
            theta += factor.sample(using: &stream)
        }
        return theta
    }
}
