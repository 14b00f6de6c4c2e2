import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Predators and prey, counted ten times with an error of ten percent.
///
///     u' = α u − β u v,  v' = −γ v + δ u v,  u(0) = 30,  v(0) = 1,  θ = (α, β, γ, δ)
///     xₖ ~ LogNormal(log u(2.1 k), 0.1),  k = 0 … 9, then the same of v
///
/// *Reference*: Lotka (1920), doi:10.1073/pnas.6.7.410; as in sbibm, Lueckmann et al. (2021),
/// arXiv:2101.04653.
public struct LotkaVolterra: Simulator {
    /// When the animals are counted.
    static let times = (0..<10).map { 2.1 * Double($0) }
    /// The standard deviation of log x.
    static let noise = 0.1
    /// The populations are held within these bounds before the noise.
    static let bounds = 1e-10...1e4

    /// Makes the simulator.
    public init() {}

    /// D = 4.
    public var thetaDim: Int { 4 }
    /// L = 20: prey, then predators.
    public var xDim: Int { 2 * Self.times.count }

    /// Draws x given theta: one normal number an entry; NaN where the equations have no solution.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        Self.logPopulations(theta).map { logarithm in
            let noise = Self.noise * stream.normal()
            if logarithm.isNaN { return .nan }
            let bounds = (log(Self.bounds.lowerBound), log(Self.bounds.upperBound))
            return exp(min(max(logarithm, bounds.0), bounds.1) + noise)
        }
    }

    /// log u at all times, then log v.
    ///
    /// In logarithms the equations are not stiff and the populations stay positive.
    package static func logPopulations(_ theta: [Double]) -> [Double] {
        let start = SIMD2(log(30.0), 0)
        let solution = DormandPrince().solve(from: start, times: times) { y in
            SIMD2(theta[0] - theta[1] * exp(y.y), theta[3] * exp(y.x) - theta[2])
        }
        return solution.map(\.x) + solution.map(\.y)
    }
}

extension BenchmarkTask {
    /// `lotka_volterra`: the rates of predators and prey.
    public static let lotkaVolterra = BenchmarkTask(
        name: "lotka_volterra",
        summary: "4 rates of predators and prey, from twenty counts (sbibm)",
        prior: .logNormal(
            logMean: [-0.125, -3, -0.125, -3],
            logStandardDeviation: [0.5, 0.5, 0.5, 0.5]
        ),
        simulator: LotkaVolterra(),
        referenceObservations: ReferenceObservations.lotkaVolterra
    )
}
