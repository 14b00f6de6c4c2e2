import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The one-dimensional illustration of Fisher information: y scatters about one of two curves.
///
///     x ~ U(−5, 15),  y ~ 0.65 N(f₁(x), 1) + 0.35 N(f₂(x), 1)
///     f₁(x) = −5 exp(−0.1 (x − 2)²) − 0.1 x,  f₂(x) = 5 exp(−0.1 (x − 5)²) + 0.1 x
///
/// There is no prior of y and no simulator of x: pairs are drawn the other way round, and the
/// conditional of y given x is known.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984, figure 2.
public enum TwoCurves {
    /// Where x lies.
    public static let range = -5.0...15.0
    private static let weight = 0.65
    /// Standard deviations beyond which nothing is left, and steps of the quadrature.
    private static let reach = 9.0
    private static let steps = 4000

    /// Draws pairs, y as theta.
    public static func simulate(count: Int, seed: UInt64) -> Simulations {
        var theta: [Float] = []
        var x: [Float] = []
        for row in 0..<count {
            var stream = RandomStream(seed: seed, stream: UInt64(row))
            let place =
                range.lowerBound + (range.upperBound - range.lowerBound) * stream.uniform()
            let curve = stream.uniform() < weight ? first(place) : second(place)
            x.append(Float(place))
            theta.append(Float(curve.value + stream.normal()))
        }
        return Simulations(theta: theta, x: x, thetaDim: 1, xDim: 1)
    }

    /// The exact Fisher information E[(∂ log p(y | x)/∂x)²] at x, by the trapezoidal rule, which is
    /// exact to rounding for so smooth and compact an integrand.
    public static func fisherInformation(at x: Double) -> Double {
        let (one, two) = (first(x), second(x))
        let lower = min(one.value, two.value) - reach
        let width = max(one.value, two.value) + reach - lower
        var sum = 0.0
        for step in 0...steps {
            let y = lower + width * Double(step) / Double(steps)
            let p = weight * density(y - one.value)
            let q = (1 - weight) * density(y - two.value)
            let slope = p * (y - one.value) * one.slope + q * (y - two.value) * two.slope
            if p + q > 0 { sum += slope * slope / (p + q) }
        }
        return sum * width / Double(steps)
    }

    /// f₁ and its derivative.
    private static func first(_ x: Double) -> (value: Double, slope: Double) {
        let bump = -5 * exp(-0.1 * (x - 2) * (x - 2))
        return (bump - 0.1 * x, bump * -0.2 * (x - 2) - 0.1)
    }

    /// f₂ and its derivative.
    private static func second(_ x: Double) -> (value: Double, slope: Double) {
        let bump = 5 * exp(-0.1 * (x - 5) * (x - 5))
        return (bump + 0.1 * x, bump * -0.2 * (x - 5) + 0.1)
    }

    /// The standard normal density.
    private static func density(_ z: Double) -> Double {
        exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
    }
}
