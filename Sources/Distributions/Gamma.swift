public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Independent gamma distributions.
///
///     log p(θ) = Σ aᵢ log bᵢ − log Γ(aᵢ) + (aᵢ − 1) log θᵢ − bᵢ θᵢ  for θ > 0
public struct Gamma: Distribution {
    /// The shape a of each dimension, `[D]`.
    public let shape: [Double]
    /// The rate b of each dimension, `[D]`.
    public let rate: [Double]
    /// a log b − log Γ(a), summed.
    private let logNormalizer: Double

    /// Checks the parameters, each `[D]`.
    public init(shape: [Double], rate: [Double]) throws(DistributionError) {
        guard !shape.isEmpty else { throw .empty(distribution: "a gamma") }
        try check(shape, field: "shape", count: shape.count)
        try check(rate, field: "rate", count: shape.count)
        try checkPositive(shape, field: "shape")
        try checkPositive(rate, field: "rate")
        self.shape = shape
        self.rate = rate
        logNormalizer = zip(shape, rate).reduce(0) { $0 + $1.0 * log($1.1) - logGamma($1.0) }
    }

    /// D, the number of dimensions.
    public var dimension: Int { shape.count }
    /// The logarithm in each dimension.
    public var supportTransforms: [SupportTransform] {
        Array(repeating: .positive, count: dimension)
    }
    /// The expectation a / b, `[D]`.
    public var mean: [Double] { zip(shape, rate).map { $0 / $1 } }
    /// The variance a / b², `[D]`.
    public var variance: [Double] { zip(shape, rate).map { $0 / $1 / $1 } }

    /// The log density at theta, `[D]`; −∞ unless every entry is finite and above zero.
    public func logDensity(of theta: [Double]) -> Double {
        checkDimension(of: theta)
        var outside = false
        var sum = logNormalizer
        for index in 0..<dimension {
            let value = theta[index]
            if value.isNaN { return .nan }
            outside = outside || value <= 0 || value == .infinity
            sum += (shape[index] - 1) * log(value) - rate[index] * value
        }
        return outside ? -.infinity : sum
    }

    /// Draws theta, `[D]`.
    public func sample(using stream: inout RandomStream) -> [Double] {
        zip(shape, rate).map { shape, rate in
            let logTheta = Self.logDraw(shape: shape, using: &stream) - log(rate)
            return SupportTransform.positive.toSupport(logTheta)
        }
    }

    /// The logarithm of a draw of rate 1: small shapes give draws that no Double holds.
    ///
    /// *Reference*: Marsaglia, Tsang (2000), A Simple Method for Generating Gamma Variables,
    /// doi:10.1145/358407.358414, with its section 6 for shapes below 1.
    static func logDraw(shape: Double, using stream: inout RandomStream) -> Double {
        guard shape >= 1 else {
            let boost = log(stream.uniform()) / shape
            // Finite, so that differences of two such draws are numbers.
            return max(logDraw(shape: shape + 1, using: &stream) + boost, -1e300)
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let z = stream.normal()
            let root = 1 + c * z
            guard root > 0 else { continue }
            let cube = root * root * root
            if log(stream.uniform()) < z * z / 2 + d * (1 - cube + log(cube)) {
                return log(d) + 3 * log(root)
            }
        }
    }
}

/// log│Γ(x)│.
func logGamma(_ x: Double) -> Double {
    // The form without the sign writes to a global variable.
    let (value, _): (Double, Int) = lgamma(x)
    return value
}
