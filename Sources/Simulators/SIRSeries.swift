import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The infected of an epidemic over time, with log-normal noise.
///
///     (β, γ) = σ(θ),  σ the logistic function
///     S' = −β S I / N,  I' = β S I / N − γ I,  N = S(0) = 5,  I(0) = 0.25
///     xₖ ~ LogNormal(log(I(tₖ) + 10⁻⁴), 0.2),  tₖ = 50 k / 49,  k = 0 … 49
///
/// Solved by Dormand–Prince 5(4) with an absolute tolerance of 10⁻⁶ and a relative one of 10⁻⁵.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984.
public struct SIRSeries: SignalSimulator {
    /// How many times the infected are counted.
    static let timeCount = 50
    /// N.
    static let population = 5.0
    /// The standard deviation of log x.
    package static let noise = 0.2
    /// Added to I before the noise.
    package static let offset = 1e-4

    /// Makes the simulator.
    public init() {}

    /// D = 2.
    public var thetaDim: Int { 2 }
    /// L = 50.
    public var xDim: Int { Self.timeCount }

    /// I of each theta, `[50]`; 0 where the equations have no solution.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        let solver = LaneSolver(
            pair: .dormandPrince,
            absoluteTolerance: 1e-6,
            relativeTolerance: 1e-5,
            segments: LaneSolver.segments(times: Self.timeCount, end: 50)
        )
        return solver.solve(Equation(), theta: theta).map { solution in
            // What the solver leaves below zero is not a number of people.
            solution.map { $0.isFinite ? max($0, 0) : 0 }
        }
    }

    /// Draws x given I: one normal number an entry.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        signal.map { ($0 + Self.offset) * exp(Self.noise * stream.normal()) }
    }

    /// I, then S.
    private struct Equation: LaneEquation {
        private var contact = Lanes.zero
        private var recovery = Lanes.zero

        var dimension: Int { 2 }
        var reportedCount: Int { 1 }

        mutating func begin(_ theta: [Double], lane: Int) -> [Double] {
            contact[lane] = logistic(theta[0]) / SIRSeries.population
            recovery[lane] = logistic(theta[1])
            return [0.25, SIRSeries.population]
        }

        func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int) {
            let infections = contact * y[1] * y[0]
            slopes[index] = infections - recovery * y[0]
            slopes[index + 1] = -infections
        }
    }
}

extension BenchmarkTask {
    /// `sir_series`: the rates of an epidemic from one time series.
    public static let sirSeries = BenchmarkTask(
        name: "sir_series",
        summary: "2 rates of an epidemic, from a series of 50 values",
        prior: .diagonalNormal(mean: [0, 0], standardDeviation: [2, 2]),
        simulator: SIRSeries(),
        thetaNames: ["z_beta", "z_gamma"],
        xNames: (0..<SIRSeries.timeCount).map { "infected_\($0)" }
    )
}
