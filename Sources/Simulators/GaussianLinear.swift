public import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The mean of a normal of known variance, seen once.
///
///     x ~ N(θ, 0.1 I₁₀)
///
/// *Reference*: sbibm, Lueckmann et al. (2021), arXiv:2101.04653, tasks T.1 and T.2.
public struct GaussianLinear: Simulator {
    /// The variance of each entry of x given theta.
    public static let variance = 0.1

    /// Makes the simulator.
    public init() {}

    /// D = 10.
    public var thetaDim: Int { 10 }
    /// L = 10.
    public var xDim: Int { 10 }

    /// Draws x given theta: one normal number an entry.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        theta.map { $0 + Self.variance.squareRoot() * stream.normal() }
    }
}

/// The posterior of `gaussian_linear`, N(x/2, 0.05 I).
public struct GaussianLinearPosterior: ReferencePosterior {
    /// Makes the referee.
    public init() {}

    /// 5 log(2πe · 0.05) = −0.789.
    public var optimalLoss: Double? { 5 * (log(0.1 * Double.pi) + 1) }

    /// The posterior of one observation, `[L]`: a diagonal normal.
    public func posterior(
        given observation: [Double]
    ) throws(DistributionError) -> any Distribution {
        try DiagonalNormal(
            mean: observation.map { $0 / 2 },
            standardDeviation: observation.map { _ in 0.05.squareRoot() }
        )
    }
}

extension BenchmarkTask {
    /// `gaussian_linear`: the mean of a normal, under a normal prior.
    public static let gaussianLinear = BenchmarkTask(
        name: "gaussian_linear",
        summary: "10 means of a normal, normal prior (sbibm); closed-form posterior",
        prior: .diagonalNormal(
            mean: Array(repeating: 0, count: 10),
            standardDeviation: Array(repeating: GaussianLinear.variance.squareRoot(), count: 10)
        ),
        simulator: GaussianLinear(),
        reference: GaussianLinearPosterior(),
        referenceObservations: ReferenceObservations.gaussianLinear
    )

    /// `gaussian_linear_uniform`: the mean of a normal, under a uniform prior.
    public static let gaussianLinearUniform = BenchmarkTask(
        name: "gaussian_linear_uniform",
        summary: "10 means of a normal, uniform prior (sbibm)",
        prior: .boxUniform(
            lower: Array(repeating: -1, count: 10),
            upper: Array(repeating: 1, count: 10)
        ),
        simulator: GaussianLinear(),
        referenceObservations: ReferenceObservations.gaussianLinearUniform
    )
}
