import Foundation

/// The chi-squared distribution: of the sum of so many squared standard normals.
struct ChiSquared {
    /// The degrees of freedom, at least 1.
    let degrees: Int

    private static let terms = 10_000
    private static let precision = 1e-15

    /// The chance of a value of at least x: the regularised incomplete gamma function
    /// Q(degrees / 2, x / 2).
    ///
    /// *Reference*: NIST Digital Library of Mathematical Functions, 8.11.4 (the series, below the
    /// mean) and 8.9.2 (the continued fraction, evaluated after Lentz, above it).
    func upperTail(_ x: Double) -> Double {
        guard x > 0 else { return 1 }
        guard x < .infinity else { return 0 }
        let (a, z) = (Double(degrees) / 2, x / 2)
        let (logGamma, _): (Double, Int) = lgamma(a)
        let factor = exp(a * log(z) - z - logGamma)
        return z < a + 1 ? 1 - factor * Self.series(a, z) : factor * Self.fraction(a, z)
    }

    /// γ(a, z) / (zᵃ e⁻ᶻ) = Σ zⁿ / (a (a + 1) … (a + n)).
    private static func series(_ a: Double, _ z: Double) -> Double {
        var term = 1 / a
        var sum = term
        for n in 1...terms {
            term *= z / (a + Double(n))
            sum += term
            if term < sum * precision { break }
        }
        return sum
    }

    /// Γ(a, z) / (zᵃ e⁻ᶻ) = 1 / (z + 1 − a − 1 (1 − a) / (z + 3 − a − 2 (2 − a) / …)).
    private static func fraction(_ a: Double, _ z: Double) -> Double {
        let tiny = 1e-300
        var b = z + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var value = d
        for n in 1...terms {
            let numerator = -Double(n) * (Double(n) - a)
            b += 2
            d = numerator * d + b
            if abs(d) < tiny { d = tiny }
            c = b + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            value *= d * c
            if abs(d * c - 1) < precision { break }
        }
        return value
    }
}
