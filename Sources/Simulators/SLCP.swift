import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Simple likelihood, complex posterior: four draws of a plane normal with free mean and covariance.
///
///     m = (θ₁, θ₂),  s₁ = θ₃²,  s₂ = θ₄²,  ρ = tanh θ₅
///     x = four draws of N(m, [[s₁², ρ s₁ s₂], [ρ s₁ s₂, s₂²]] + 1e-6 I)
///
/// *Reference*: Papamakarios, Sterratt, Murray (2019), Sequential Neural Likelihood,
/// arXiv:1805.07226; as in sbibm, Lueckmann et al. (2021), arXiv:2101.04653.
public struct SLCP: Simulator {
    /// Added to both variances.
    static let varianceFloor = 1e-6
    /// The number of draws.
    static let draws = 4

    /// Makes the simulator.
    public init() {}

    /// D = 5.
    public var thetaDim: Int { 5 }
    /// L = 8: x and y of each draw.
    public var xDim: Int { 2 * Self.draws }

    /// Draws x given theta: two normal numbers a draw.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        let first = theta[2] * theta[2]
        let second = theta[3] * theta[3]
        let covariance = tanh(theta[4]) * first * second
        // The Cholesky factor of the covariance.
        let corner = (first * first + Self.varianceFloor).squareRoot()
        let side = covariance / corner
        let rest = (second * second + Self.varianceFloor - side * side).squareRoot()
        var x: [Double] = []
        for _ in 0..<Self.draws {
            let z = (stream.normal(), stream.normal())
            x.append(theta[0] + corner * z.0)
            x.append(theta[1] + side * z.0 + rest * z.1)
        }
        return x
    }
}

extension BenchmarkTask {
    /// `slcp`: a simple likelihood whose posterior has four modes and sharp edges.
    public static let slcp = BenchmarkTask(
        name: "slcp",
        summary: "5 parameters, a simple likelihood with a complex posterior (sbibm)",
        prior: .boxUniform(
            lower: Array(repeating: -3, count: 5),
            upper: Array(repeating: 3, count: 5)
        ),
        simulator: SLCP(),
        referenceObservations: ReferenceObservations.slcp
    )
}
