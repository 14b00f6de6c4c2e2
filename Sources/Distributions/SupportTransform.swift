#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The bijection from one dimension of a prior's support to the whole line.
///
/// Estimators are trained in the unconstrained space, so no draw ever leaves the prior.
///
/// *Reference*: Carpenter et al. (2017), Stan: a probabilistic programming language, section on
/// constraint transforms; Stan Reference Manual, "Constraint Transforms".
public enum SupportTransform: Sendable, Equatable {
    /// u = theta.
    case identity
    /// u = log theta.
    case positive
    /// u = log((theta − lower) / (upper − theta)).
    case interval(lower: Double, upper: Double)
    /// u = log(theta − lower).
    case above(lower: Double)
    /// u = −log(upper − theta).
    case below(upper: Double)
    /// u = log(log(theta / lower) / log(upper / theta)), for positive bounds.
    case logInterval(lower: Double, upper: Double)
}

extension SupportTransform {
    /// The unconstrained value u of theta.
    ///
    /// *Edge cases*: ±∞ on a bound of the support; NaN outside it, and for NaN.
    public func toUnconstrained(_ theta: Double) -> Double {
        switch self {
        case .identity:
            return theta
        case .positive:
            return theta < 0 ? .nan : log(theta)
        case .interval(let lower, let upper):
            let below = theta - lower
            let above = upper - theta
            guard below >= 0, above >= 0 else { return .nan }
            let odds = below / above
            return odds.isNormal ? log(odds) : log(below) - log(above)
        case .above(let lower):
            return theta < lower ? .nan : log(theta - lower)
        case .below(let upper):
            return theta > upper ? .nan : -log(upper - theta)
        case .logInterval(let lower, let upper):
            guard theta >= lower, theta <= upper else { return .nan }
            return log(logRatio(of: theta, to: lower)) - log(logRatio(of: upper, to: theta))
        }
    }

    /// The theta of an unconstrained value u.
    ///
    ///     positive: exp u
    ///     interval: lower + (upper − lower) / (1 + exp(−u)), from the nearer bound
    ///     above, below: lower + exp u, upper − exp(−u)
    ///     logInterval: lower (upper / lower)^(1 / (1 + exp(−u))), from the nearer bound
    ///
    /// *Edge cases*: NaN stays NaN; ±∞ is the outermost number inside the support.
    /// *Postcondition*: strictly inside the support, and finite unless the support is the line.
    public func toSupport(_ u: Double) -> Double {
        switch self {
        case .identity:
            return u
        case .positive:
            // NaN passes through the comparisons of both clamps.
            let theta = exp(u)
            if theta > .greatestFiniteMagnitude { return .greatestFiniteMagnitude }
            return theta < .leastNonzeroMagnitude ? .leastNonzeroMagnitude : theta
        case .interval(let lower, let upper):
            let odds = exp(-abs(u))
            let distance = (upper - lower) * (odds / (1 + odds))
            let theta = u < 0 ? lower + distance : upper - distance
            if theta <= lower { return lower.nextUp }
            return theta >= upper ? upper.nextDown : theta
        case .above(let lower):
            let theta = lower + exp(u)
            if theta > .greatestFiniteMagnitude { return .greatestFiniteMagnitude }
            return theta <= lower ? lower.nextUp : theta
        case .below(let upper):
            let theta = upper - exp(-u)
            if theta < -.greatestFiniteMagnitude { return -.greatestFiniteMagnitude }
            return theta >= upper ? upper.nextDown : theta
        case .logInterval(let lower, let upper):
            let odds = exp(-abs(u))
            let distance = logRatio(of: upper, to: lower) * (odds / (1 + odds))
            let theta = u < 0 ? lower * exp(distance) : upper * exp(-distance)
            if theta <= lower { return lower.nextUp }
            return theta >= upper ? upper.nextDown : theta
        }
    }

    /// The theta of an unconstrained value u, in single precision.
    ///
    /// *Postcondition*: strictly inside the support, compared in Double; see `roundedInside`.
    public func toSupport(_ u: Float) -> Float {
        roundedInside(toSupport(Double(u)))
    }

    /// log│∂theta/∂u│ at an unconstrained value u.
    ///
    ///     positive: u
    ///     interval: log(upper − lower) − │u│ − 2 log(1 + exp(−│u│))
    ///     above, below: u, −u
    ///     logInterval: log theta + log log(upper / lower) − │u│ − 2 log(1 + exp(−│u│))
    ///
    /// The log density of theta is that of u minus this.
    public func toSupportLogDerivative(_ u: Double) -> Double {
        switch self {
        case .identity: u.isNaN ? u : 0
        case .positive: u
        case .interval(let lower, let upper):
            log(upper - lower) - abs(u) - 2 * log1p(exp(-abs(u)))
        case .above: u
        case .below: -u
        case .logInterval(let lower, let upper):
            log(toSupport(u)) + log(logRatio(of: upper, to: lower)) - abs(u)
                - 2 * log1p(exp(-abs(u)))
        }
    }

    /// log│∂u/∂theta│ at theta.
    ///
    ///     positive: −log theta
    ///     interval: log(1 / (theta − lower) + 1 / (upper − theta))
    ///     above, below: −log(theta − lower), −log(upper − theta)
    ///     logInterval: log(1 / log(theta / lower) + 1 / log(upper / theta)) − log theta
    ///
    /// The log density of theta is that of u plus this.
    ///
    /// *Edge cases*: +∞ on a bound of the support; NaN outside it, and for NaN.
    public func toUnconstrainedLogDerivative(_ theta: Double) -> Double {
        switch self {
        case .identity:
            return theta.isNaN ? theta : 0
        case .positive:
            return theta < 0 ? .nan : -log(theta)
        case .interval(let lower, let upper):
            let below = theta - lower
            let above = upper - theta
            guard below >= 0, above >= 0 else { return .nan }
            return log(upper - lower) - log(below) - log(above)
        case .above(let lower):
            return theta < lower ? .nan : -log(theta - lower)
        case .below(let upper):
            return theta > upper ? .nan : -log(upper - theta)
        case .logInterval(let lower, let upper):
            guard theta >= lower, theta <= upper else { return .nan }
            return log(logRatio(of: upper, to: lower)) - log(logRatio(of: theta, to: lower))
                - log(logRatio(of: upper, to: theta)) - log(theta)
        }
    }

    /// Whether theta lies strictly inside the support and is finite.
    public func contains(_ theta: Double) -> Bool {
        switch self {
        case .identity: theta.isFinite
        case .positive: theta > 0 && theta.isFinite
        case .interval(let lower, let upper), .logInterval(let lower, let upper):
            theta > lower && theta < upper
        case .above(let lower): theta > lower && theta.isFinite
        case .below(let upper): theta < upper && theta.isFinite
        }
    }

    /// Whether theta lies in the support or on a bound of it, and is not NaN.
    public func containsInClosure(_ theta: Double) -> Bool {
        switch self {
        case .identity: !theta.isNaN
        case .positive: theta >= 0
        case .above(let lower): theta >= lower
        case .below(let upper): theta <= upper
        case .interval(let lower, let upper), .logInterval(let lower, let upper):
            theta >= lower && theta <= upper
        }
    }

    /// The single-precision number nearest to theta among those strictly inside the support.
    ///
    /// Data are stored in single precision, where 1 − 2⁻³⁰ is 1: rounded to nearest, a draw from
    /// the interval (−1, 1) would lie on its bound and be infinite in unconstrained space.
    ///
    /// *Edge cases*: NaN stays NaN.
    /// *Precondition*: there is such a number, as `makeDistribution()` makes sure of.
    public func roundedInside(_ theta: Double) -> Float {
        let rounded = Float(theta)
        guard !rounded.isNaN, let bounds = singlePrecisionBounds else { return rounded }
        return min(max(rounded, bounds.lowerBound), bounds.upperBound)
    }

    /// The least and greatest finite single-precision numbers strictly inside the support.
    ///
    /// It is nil when there is none: the interval lies between two neighbours.
    public var singlePrecisionBounds: ClosedRange<Float>? {
        switch self {
        case .identity:
            return -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
        case .positive:
            return .leastNonzeroMagnitude ... .greatestFiniteMagnitude
        case .interval(let lower, let upper), .logInterval(let lower, let upper):
            return Self.singlePrecisionNumbers(between: lower, and: upper)
        case .above(let lower):
            return Self.singlePrecisionNumbers(between: lower, and: .infinity)
        case .below(let upper):
            return Self.singlePrecisionNumbers(between: -.infinity, and: upper)
        }
    }

    /// The least and greatest finite single-precision numbers strictly between bounds.
    private static func singlePrecisionNumbers(
        between lower: Double,
        and upper: Double
    ) -> ClosedRange<Float>? {
        var least = Float(lower)
        if Double(least) <= lower { least = least.nextUp }
        var greatest = Float(upper)
        if Double(greatest) >= upper { greatest = greatest.nextDown }
        guard least.isFinite, greatest.isFinite, least <= greatest else { return nil }
        return least...greatest
    }
}
