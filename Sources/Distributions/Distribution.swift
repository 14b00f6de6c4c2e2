public import Kernels

/// A probability distribution on vectors of D real numbers, in Double.
public protocol Distribution: Sendable {
    /// D, the number of dimensions.
    var dimension: Int { get }
    /// The bijection of each dimension of the support to the whole line, `[D]`.
    var supportTransforms: [SupportTransform] { get }
    /// The expectation, `[D]`.
    var mean: [Double] { get }
    /// The variance of each dimension, `[D]`.
    var variance: [Double] { get }

    /// The natural logarithm of the density at theta, `[D]`.
    ///
    /// *Edge cases*: −∞ outside the support; NaN if theta has a NaN.
    func logDensity(of theta: [Double]) -> Double

    /// Draws theta, `[D]`.
    func sample(using stream: inout RandomStream) -> [Double]
}

extension Distribution {
    /// The standard deviation of each dimension, `[D]`.
    public var standardDeviation: [Double] { variance.map { $0.squareRoot() } }

    /// Whether the density is positive at theta.
    public func contains(_ theta: [Double]) -> Bool { logDensity(of: theta) > -.infinity }

    /// Draws theta in single precision, strictly inside the support, `[D]`.
    public func sampleSinglePrecision(using stream: inout RandomStream) -> [Float] {
        zip(supportTransforms, sample(using: &stream)).map { $0.roundedInside($1) }
    }

    /// Stops the process unless theta has D entries.
    func checkDimension(of theta: [Double]) {
        precondition(
            theta.count == dimension,
            "a theta of \(theta.count) entries for \(dimension) dimensions"
        )
    }
}
