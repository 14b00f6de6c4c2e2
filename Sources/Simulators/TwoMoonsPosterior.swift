public import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The exact posteriors of the two moons task.
public struct TwoMoonsReference: ReferencePosterior {
    /// Makes the referee.
    public init() {}

    /// Nil: posteriors cut by the prior's box leave no closed form.
    public var optimalLoss: Double? { nil }

    /// The posterior of one observation, `[L]`: a `TwoMoonsPosterior`.
    public func posterior(
        given observation: [Double]
    ) throws(DistributionError) -> any Distribution {
        try TwoMoonsPosterior(observation: observation)
    }
}

/// The posterior of the two moons task: two mirrored crescents, cut by the prior's box.
///
/// With s = │θ₁ + θ₂│/√2 and d = (θ₂ − θ₁)/√2 the simulator reads x = p + (−s, d), so that s and d
/// are a shift of p, and θ is a rotation of (±s, d) with either sign equally likely. Hence
///
///     p(θ | x) = ½ f(x₁ + s, x₂ − d) / A  inside the box,
///
/// where f is the density of p and A the probability that p gives s ≥ 0 and a θ inside the box. A
/// is a sum over 4096 equally likely points of p, about 1e-3 accurate.
public struct TwoMoonsPosterior: Distribution {
    /// x, `[L]`.
    public let observation: [Double]
    /// The expectation, `[D]`.
    public let mean: [Double]
    /// The variance of each dimension, `[D]`.
    public let variance: [Double]
    /// log(2A).
    private let logNormalizer: Double

    /// Measures the posterior of one observation.
    public init(observation: [Double]) throws(DistributionError) {
        precondition(observation.count == 2, "an observation of \(observation.count) entries")
        for (index, value) in observation.enumerated() where !value.isFinite {
            throw .nonFinite(field: "observation", index: index, found: value)
        }
        var accepted = 0.0
        var sums = [0.0, 0.0]
        var squares = [0.0, 0.0]
        for point in Self.crescentPoints {
            for sign in [-1.0, 1.0] {
                guard
                    let theta = Self.theta(of: (point[0], point[1]), sign: sign, given: observation)
                else { continue }
                accepted += 1
                for index in 0..<2 {
                    sums[index] += theta[index]
                    squares[index] += theta[index] * theta[index]
                }
            }
        }
        self.observation = observation
        // Without any accepted point the observation is impossible: the mean is NaN.
        mean = sums.map { $0 / accepted }
        variance = zip(squares, sums).map { $0 / accepted - $1 / accepted * ($1 / accepted) }
        logNormalizer = log(accepted / Double(Self.crescentPoints.count))
    }

    /// D = 2.
    public var dimension: Int { 2 }
    /// The scaled logit of the prior's box.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .interval(lower: -1, upper: 1), count: 2)
    }

    /// The log density at theta, `[D]`.
    public func logDensity(of theta: [Double]) -> Double {
        precondition(theta.count == 2, "a theta of \(theta.count) entries")
        if theta.contains(where: \.isNaN) { return .nan }
        guard theta.allSatisfy({ abs($0) <= 1 }) else { return -.infinity }
        let distance = abs(theta[0] + theta[1]) * 0.5.squareRoot()
        let difference = (theta[1] - theta[0]) * 0.5.squareRoot()
        let logDensity = TwoMoons.crescentLogDensity(
            observation[0] + distance,
            observation[1] - difference
        )
        return logDensity - logNormalizer
    }

    /// Draws theta, `[D]`, by drawing p until it fits the observation.
    ///
    /// *Precondition*: the observation is possible, so that `mean` is finite.
    public func sample(using stream: inout RandomStream) -> [Double] {
        precondition(mean[0].isFinite, "the observation \(observation) has no posterior")
        while true {
            let point = TwoMoons.crescentPoint(using: &stream)
            let sign = stream.uniform() < 0.5 ? -1.0 : 1.0
            if let theta = Self.theta(of: point, sign: sign, given: observation) { return theta }
        }
    }

    /// The theta that gives the observation with a point p and a sign of θ₁ + θ₂, if there is one.
    private static func theta(
        of point: (Double, Double),
        sign: Double,
        given observation: [Double]
    ) -> [Double]? {
        let distance = point.0 - observation[0]
        let difference = observation[1] - point.1
        let first = (sign * distance - difference) * 0.5.squareRoot()
        let second = (sign * distance + difference) * 0.5.squareRoot()
        guard distance >= 0, abs(first) < 1, abs(second) < 1 else { return nil }
        return [first, second]
    }

    /// Equally likely points of p: 128 angles times 32 distances, at the middle of their classes.
    private static let crescentPoints: [SIMD2<Double>] = (0..<128).flatMap { row in
        let angle = Double.pi * ((Double(row) + 0.5) / 128 - 0.5)
        return (0..<32).map { column in
            let z = standardNormalQuantile((Double(column) + 0.5) / 32)
            let distance = TwoMoons.radius + TwoMoons.radiusNoise * z
            return SIMD2(distance * cos(angle) + TwoMoons.offset, distance * sin(angle))
        }
    }

    /// The number a standard normal falls below with this probability, by Newton's method.
    private static func standardNormalQuantile(_ probability: Double) -> Double {
        var z = 0.0
        for _ in 0..<50 {
            let excess = 0.5 * erfc(-z * 0.5.squareRoot()) - probability
            let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
            let step = excess / density
            z -= min(max(step, -0.5), 0.5)
        }
        return z
    }
}
