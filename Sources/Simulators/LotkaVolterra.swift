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
public struct LotkaVolterra: SignalSimulator {
    /// How many times the animals are counted.
    static let timeCount = 10
    /// The standard deviation of log x.
    static let noise = 0.1
    /// The populations are held within these bounds before the noise.
    static let bounds = 1e-10...1e4

    /// Makes the simulator.
    public init() {}

    /// D = 4.
    public var thetaDim: Int { 4 }
    /// L = 20: prey, then predators.
    public var xDim: Int { 2 * Self.timeCount }

    /// log u at all times, then log v, of each theta; NaN where the equations have no solution.
    ///
    /// In logarithms the equations are not stiff and the populations stay positive.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        let solver = LaneSolver(
            pair: .dormandPrince,
            absoluteTolerance: 1e-7,
            relativeTolerance: 0,
            segments: LaneSolver.segments(times: Self.timeCount, end: 18.9)
        )
        return solver.solve(Equation(), theta: theta).map { solution in
            (0..<xDim).map { entry in
                let (species, time) = entry.quotientAndRemainder(dividingBy: Self.timeCount)
                return solution[2 * time + species]
            }
        }
    }

    /// Draws x given the logarithms: one normal number an entry; NaN stays NaN.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        let bounds = (log(Self.bounds.lowerBound), log(Self.bounds.upperBound))
        return signal.map { logarithm in
            let noise = Self.noise * stream.normal()
            if logarithm.isNaN { return .nan }
            return exp(min(max(logarithm, bounds.0), bounds.1) + noise)
        }
    }

    /// log u and log v.
    private struct Equation: LaneEquation {
        private var alpha = Lanes.zero
        private var beta = Lanes.zero
        private var gamma = Lanes.zero
        private var delta = Lanes.zero

        var dimension: Int { 2 }
        var reportedCount: Int { 2 }

        mutating func begin(_ theta: [Double], lane: Int) -> [Double] {
            alpha[lane] = theta[0]
            beta[lane] = theta[1]
            gamma[lane] = theta[2]
            delta[lane] = theta[3]
            return [log(30), 0]
        }

        func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int) {
            slopes[index] = alpha - beta * exponential(y[1])
            slopes[index + 1] = delta * exponential(y[0]) - gamma
        }
    }
}

/// eˣ, lane by lane.
func exponential(_ x: Lanes) -> Lanes {
    var result = x
    for lane in 0..<x.scalarCount { result[lane] = exp(x[lane]) }
    return result
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
