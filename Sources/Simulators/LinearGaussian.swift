public import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Ten parameters seen one by one through gains of very different size.
///
///     θ ~ N(0, I₁₀),  x = diag(a) θ + σ η,  η ~ N(0, I₁₀),  σ = 0.1
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984.
public struct LinearGaussian: Simulator {
    /// a, the gain of each parameter.
    public static let gains = [
        -0.2633, -1.9402, 1.6822, -0.29684, -0.031292, -1.0250, 0.056811, 0.29649, 1.2073, -1.7704,
    ]
    /// σ, the standard deviation of the noise.
    public static let noise = 0.1

    /// Makes the simulator.
    public init() {}

    /// D = 10.
    public var thetaDim: Int { Self.gains.count }
    /// L = 10.
    public var xDim: Int { Self.gains.count }

    /// Draws x given theta: one normal number an entry.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        var x = theta
        for index in x.indices {
            x[index] = Self.gains[index] * theta[index] + Self.noise * stream.normal()
        }
        return x
    }
}

/// The posterior of the linear Gaussian task, which is normal with independent dimensions.
///
///     Σⱼⱼ = 1 / (1 + aⱼ²/σ²),  mⱼ = Σⱼⱼ aⱼ xⱼ / σ²
public struct LinearGaussianPosterior: ReferencePosterior {
    /// Makes the referee.
    public init() {}

    /// The variance of each parameter, `[D]`; it does not depend on x.
    public var variance: [Double] {
        LinearGaussian.gains.map { gain in
            1 / (1 + gain * gain / (LinearGaussian.noise * LinearGaussian.noise))
        }
    }

    /// The mean given an observation, `[D]`.
    public func mean(given observation: [Double]) -> [Double] {
        precondition(
            observation.count == LinearGaussian.gains.count,
            "an observation of \(observation.count) entries"
        )
        let precision = 1 / (LinearGaussian.noise * LinearGaussian.noise)
        return zip(variance, zip(LinearGaussian.gains, observation)).map { variance, pair in
            variance * pair.0 * pair.1 * precision
        }
    }

    /// Σ log √Σⱼⱼ + (D/2) log 2πe = −2.808.
    public var optimalLoss: Double? {
        variance.reduce(0) { $0 + (log(2 * Double.pi * $1) + 1) / 2 }
    }

    /// The posterior of one observation, `[L]`: a diagonal normal.
    public func posterior(
        given observation: [Double]
    ) throws(DistributionError) -> any Distribution {
        try DiagonalNormal(
            mean: mean(given: observation),
            standardDeviation: variance.map { $0.squareRoot() }
        )
    }
}

extension BenchmarkTask {
    /// `linear_gaussian`: ten independent linear measurements with a closed-form posterior.
    public static let linearGaussian = BenchmarkTask(
        name: "linear_gaussian",
        summary: "10 parameters through gains of very different size; closed-form posterior",
        prior: .diagonalNormal(
            mean: Array(repeating: 0, count: LinearGaussian.gains.count),
            standardDeviation: Array(repeating: 1, count: LinearGaussian.gains.count)
        ),
        simulator: LinearGaussian(),
        reference: LinearGaussianPosterior()
    )
}
