import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Predators and prey over time, with normal noise.
///
///     (α, β, γ, δ) = exp(σ(θ)),  σ the logistic function
///     u' = α u − β u v,  v' = δ u v − γ v,  u(0) = v(0) = 1
///     x = (u(tₖ), v(tₖ)) + N(0, 0.05²),  tₖ = 20 k / 49,  k = 0 … 49
///
/// Solved by Dormand–Prince 5(4) with tolerances of 10⁻⁶.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984.
public struct LotkaVolterraSeries: SignalSimulator {
    /// How many times the populations are observed.
    static let timeCount = 50
    /// The standard deviation of the noise.
    package static let noise = 0.05

    /// Makes the simulator.
    public init() {}

    /// D = 4.
    public var thetaDim: Int { 4 }
    /// L = 100: prey, then predators.
    public var xDim: Int { 2 * Self.timeCount }

    /// The populations of each theta, `[100]`; 0 where the equations have no solution.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        let solver = LaneSolver(
            pair: .dormandPrince,
            absoluteTolerance: 1e-6,
            relativeTolerance: 1e-6,
            segments: LaneSolver.segments(times: Self.timeCount, end: 20)
        )
        return solver.solve(Equation(), theta: theta).map { solution in
            (0..<xDim).map { entry in
                let (species, time) = entry.quotientAndRemainder(dividingBy: Self.timeCount)
                let value = solution[2 * time + species]
                return value.isFinite ? value : 0
            }
        }
    }

    /// Draws x given the populations: one normal number an entry.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        signal.map { $0 + Self.noise * stream.normal() }
    }

    private struct Equation: LaneEquation {
        private var alpha = Lanes.zero
        private var beta = Lanes.zero
        private var gamma = Lanes.zero
        private var delta = Lanes.zero

        var dimension: Int { 2 }
        var reportedCount: Int { 2 }

        mutating func begin(_ theta: [Double], lane: Int) -> [Double] {
            let rates = theta.map { exp(logistic($0)) }
            alpha[lane] = rates[0]
            beta[lane] = rates[1]
            gamma[lane] = rates[2]
            delta[lane] = rates[3]
            return [1, 1]
        }

        func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int) {
            slopes[index] = y[0] * (alpha - beta * y[1])
            slopes[index + 1] = y[1] * (delta * y[0] - gamma)
        }
    }
}

/// σ(z) = 1 / (1 + e⁻ᶻ).
func logistic(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

extension BenchmarkTask {
    /// `lotka_volterra_series`: the rates of predators and prey from two time series.
    public static let lotkaVolterraSeries = BenchmarkTask(
        name: "lotka_volterra_series",
        summary: "4 rates of predators and prey, from two series of 50 values",
        prior: .diagonalNormal(
            mean: [0, 0, 0, 0],
            standardDeviation: [0.5, 0.5, 0.5, 0.5]
        ),
        simulator: LotkaVolterraSeries(),
        thetaNames: ["z_alpha", "z_beta", "z_gamma", "z_delta"],
        xNames: ["prey", "predators"].flatMap { name in
            (0..<LotkaVolterraSeries.timeCount).map { "\(name)_\($0)" }
        }
    )
}
