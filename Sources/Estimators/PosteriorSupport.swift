import Distributions

/// How a posterior keeps to the support of its prior.
public enum PosteriorSupport: String, Sendable, CaseIterable {
    /// Theta goes through the prior's bijection to the whole space, where the density lives: no
    /// draw leaves the prior.
    case unconstrained
    /// The density lives on the whole space without a bijection, and the posterior is it
    /// restricted to the prior's support, by rejection: how sbi trains.
    case truncated
}

extension PosteriorSupport {
    /// The maps, one a dimension, that take theta from a prior's support to where the density lives.
    func transforms(of prior: DistributionDescription) -> [SupportTransform] {
        let transforms = prior.supportTransforms
        return self == .unconstrained ? transforms : transforms.map { _ in .identity }
    }
}
