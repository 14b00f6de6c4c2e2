import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An epidemic in a town of a million, seen through ten tests of a thousand people.
///
///     S' = −β S I / N,  I' = β S I / N − γ I,  N = 10⁶,  I(0) = 1
///     xₖ ~ Binomial(1000, I(17 k) / N),  k = 0 … 9 (days)
///
/// *Reference*: Kermack, McKendrick (1927), doi:10.1098/rspa.1927.0118; as in sbibm, Lueckmann et
/// al. (2021), arXiv:2101.04653.
public struct SIR: SignalSimulator {
    /// N, the population.
    static let population = 1e6
    /// People tested each time.
    static let tested = 1000
    /// How many days there are tests.
    static let dayCount = 10

    /// Makes the simulator.
    public init() {}

    /// D = 2: the contact rate β and the recovery rate γ, a day.
    public var thetaDim: Int { 2 }
    /// L = 10.
    public var xDim: Int { Self.dayCount }

    /// I / N on the days of the tests of each theta; NaN where the equations have no solution.
    ///
    /// The equations are solved for log S and log I, which keeps both positive.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        let solver = LaneSolver(
            pair: .dormandPrince,
            absoluteTolerance: 1e-7,
            relativeTolerance: 0,
            segments: LaneSolver.segments(times: Self.dayCount, end: 153)
        )
        return solver.solve(Equation(), theta: theta).map { solution in
            solution.map { $0.isNaN ? .nan : min(exp($0), 1) }
        }
    }

    /// Draws x given I / N: one uniform number an entry; NaN stays NaN.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        signal.map { part in
            let uniform = stream.uniform()
            return part.isNaN ? .nan : Self.binomial(Self.tested, part, at: uniform)
        }
    }

    /// log(I / N) and log(S / N).
    private struct Equation: LaneEquation {
        private var contact = Lanes.zero
        private var recovery = Lanes.zero

        var dimension: Int { 2 }
        var reportedCount: Int { 1 }

        mutating func begin(_ theta: [Double], lane: Int) -> [Double] {
            contact[lane] = theta[0]
            recovery[lane] = theta[1]
            let population = SIR.population
            return [log(1 / population), log((population - 1) / population)]
        }

        func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int) {
            slopes[index] = contact * exponential(y[1]) - recovery
            slopes[index + 1] = -contact * exponential(y[0])
        }
    }

    /// The quantile of a binomial distribution, by adding up its probabilities.
    package static func binomial(_ count: Int, _ probability: Double, at uniform: Double) -> Double
    {
        // From the side on which fewer terms come before the bulk.
        guard probability <= 0.5 else {
            return Double(count) - binomial(count, 1 - probability, at: 1 - uniform)
        }
        let odds = probability / (1 - probability)
        var term = exp(Double(count) * log1p(-probability))
        var rest = uniform - term
        var value = 0
        while rest > 0, value < count {
            term *= odds * Double(count - value) / Double(value + 1)
            rest -= term
            value += 1
        }
        return Double(value)
    }
}

extension BenchmarkTask {
    /// `sir`: the rates of an epidemic.
    public static let sir = BenchmarkTask(
        name: "sir",
        summary: "2 rates of an epidemic, from ten counts (sbibm)",
        prior: .logNormal(logMean: [log(0.4), log(0.125)], logStandardDeviation: [0.5, 0.2]),
        simulator: SIR(),
        referenceObservations: ReferenceObservations.sir
    )
}
