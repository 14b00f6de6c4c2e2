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
public struct SIR: Simulator {
    /// N, the population.
    static let population = 1e6
    /// People tested each time.
    static let tested = 1000
    /// The days of the tests.
    static let days = (0..<10).map { 17.0 * Double($0) }

    /// Makes the simulator.
    public init() {}

    /// D = 2: the contact rate β and the recovery rate γ, a day.
    public var thetaDim: Int { 2 }
    /// L = 10.
    public var xDim: Int { Self.days.count }

    /// Draws x given theta: one uniform number an entry; NaN where the equations have no solution.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        Self.infected(theta).map { part in
            let uniform = stream.uniform()
            return part.isNaN ? .nan : Self.binomial(Self.tested, part, at: uniform)
        }
    }

    /// I / N on the days of the tests.
    ///
    /// The equations are solved for log S and log I, which keeps both positive.
    package static func infected(_ theta: [Double]) -> [Double] {
        let start = SIMD2(log((population - 1) / population), log(1 / population))
        let solution = DormandPrince().solve(from: start, times: days) { y in
            SIMD2(-theta[0] * exp(y.y), theta[0] * exp(y.x) - theta[1])
        }
        return solution.map { min(exp($0.y), 1) }
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
