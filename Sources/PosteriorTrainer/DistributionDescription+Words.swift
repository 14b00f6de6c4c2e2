import Distributions

extension DistributionDescription {
    /// The distribution in a few words.
    var inWords: String {
        switch self {
        case .diagonalNormal: "independent normals, D=\(dimension)"
        case .multivariateNormal: "normal with full covariance, D=\(dimension)"
        case .boxUniform: "uniform on a box, D=\(dimension)"
        case .logNormal: "independent log-normals, D=\(dimension)"
        case .truncatedNormal: "truncated normals, D=\(dimension)"
        case .logUniform: "independent log-uniforms, D=\(dimension)"
        case .gamma: "independent gammas, D=\(dimension)"
        case .beta: "independent betas, D=\(dimension)"
        case .exponential: "independent exponentials, D=\(dimension)"
        case .product(let factors): factors.map(\.inWords).joined(separator: " × ")
        }
    }
}
