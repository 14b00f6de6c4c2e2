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
}

extension DistributionDescription {
    /// The bijection of each dimension, `[D]`.
    public var supportTransforms: [SupportTransform] {
        switch self {
        case .diagonalNormal(let mean, _), .multivariateNormal(let mean, _):
            Array(repeating: .identity, count: mean.count)
        case .boxUniform(let lower, let upper):
            zip(lower, upper).map { .interval(lower: $0, upper: $1) }
        case .logNormal(let logMean, _):
            Array(repeating: .positive, count: logMean.count)
        case .product(let factors):
            factors.flatMap(\.supportTransforms)
        }
    }
}
