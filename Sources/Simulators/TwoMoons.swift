import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Two parameters whose posterior is two thin crescents.
///
///     a ~ U(−π/2, π/2),  r ~ N(0.1, 0.01²),  p = (r cos a + 0.25, r sin a)
///     x = p + (−│θ₁ + θ₂│, −θ₁ + θ₂) / √2
///
/// *Reference*: Greenberg, Nonnenmacher, Macke (2019), Automatic Posterior Transformation,
/// arXiv:1905.07488; as in sbibm, Lueckmann et al. (2021), arXiv:2101.04653.
public struct TwoMoons: Simulator {
    /// The mean of r, the distance from the centre of the crescent.
    static let radius = 0.1
    /// The standard deviation of r.
    static let radiusNoise = 0.01
    /// The first coordinate of the centre of the crescent.
    static let offset = 0.25

    /// Makes the simulator.
    public init() {}

    /// D = 2.
    public var thetaDim: Int { 2 }
    /// L = 2.
    public var xDim: Int { 2 }

    /// Draws x given theta: one uniform and one normal number.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        let (first, second) = Self.crescentPoint(using: &stream)
        return [
            first - abs(theta[0] + theta[1]) * 0.5.squareRoot(),
            second + (theta[1] - theta[0]) * 0.5.squareRoot(),
        ]
    }

    /// Draws p, a point of the crescent.
    static func crescentPoint(using stream: inout RandomStream) -> (Double, Double) {
        let angle = Double.pi * (stream.uniform() - 0.5)
        let distance = radius + radiusNoise * stream.normal()
        return (distance * cos(angle) + offset, distance * sin(angle))
    }

    /// The log density of p, N(r; 0.1, 0.01²) / (π r) on the half plane of the crescent.
    static func crescentLogDensity(_ first: Double, _ second: Double) -> Double {
        guard first > offset else { return -.infinity }
        let distance = hypot(first - offset, second)
        let z = (distance - radius) / radiusNoise
        let logNormalPeak = -log(radiusNoise * (2 * Double.pi).squareRoot())
        return logNormalPeak - z * z / 2 - log(Double.pi * distance)
    }

    /// The ten observations of sbibm 1.1.0 (MIT licence), `num_observation_1` … `_10`.
    public static let referenceObservations: [[Float]] = [
        [-0.6396706, 0.16234657], [-0.5676688, -0.33194834], [0.0030109584, -0.6457662],
        [-0.25049388, 0.633055], [-0.66463584, -0.42604533], [-0.12940255, 0.3873573],
        [0.19458583, 1.0400153], [0.13603824, 0.9160449], [-0.17962828, -0.5452459],
        [0.14563406, -1.170141],
    ]
}

extension BenchmarkTask {
    /// `two_moons`: two crescents, sbibm's test of multimodal posteriors.
    public static let twoMoons = BenchmarkTask(
        name: "two_moons",
        summary: "2 parameters, a posterior of two thin crescents (sbibm)",
        prior: .boxUniform(lower: [-1, -1], upper: [1, 1]),
        simulator: TwoMoons(),
        reference: TwoMoonsReference(),
        referenceObservations: TwoMoons.referenceObservations
    )
}
