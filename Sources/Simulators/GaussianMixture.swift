import Distributions
public import Kernels

/// The common mean of a broad and a narrow normal, one of which x is drawn from.
///
///     x ~ ½ N(θ, I₂) + ½ N(θ, 0.01 I₂)
///
/// *Reference*: Sisson, Fan, Tanaka (2007), Sequential Monte Carlo without likelihoods,
/// doi:10.1073/pnas.0607208104; as in sbibm 1.1.0, which draws the component afresh for each x.
public struct GaussianMixture: Simulator {
    /// The standard deviation of each component.
    static let deviations = [1.0, 0.1]

    /// Makes the simulator.
    public init() {}

    /// D = 2.
    public var thetaDim: Int { 2 }
    /// L = 2.
    public var xDim: Int { 2 }

    /// Draws x given theta: one uniform and two normal numbers.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        let deviation = Self.deviations[stream.uniform() < 0.5 ? 0 : 1]
        return theta.map { $0 + deviation * stream.normal() }
    }
}

extension BenchmarkTask {
    /// `gaussian_mixture`: one mean, two scales.
    public static let gaussianMixture = BenchmarkTask(
        name: "gaussian_mixture",
        summary: "2 parameters, the mean of a broad and a narrow normal (sbibm)",
        prior: .boxUniform(lower: [-10, -10], upper: [10, 10]),
        simulator: GaussianMixture(),
        referenceObservations: ReferenceObservations.gaussianMixture
    )
}
