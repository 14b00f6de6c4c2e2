/// One of the densities whose equal-weight mixture an ensemble is: a complete one, with its own
/// embedding network and standardisation.
///
/// *Reference*: Lakshminarayanan, Pritzel, Blundell (2017), Simple and Scalable Predictive
/// Uncertainty Estimation using Deep Ensembles, arXiv:1612.01474.
public struct EnsembleMember: Sendable, Equatable {
    /// The structure of its estimator, which is no ensemble.
    public var estimator: EstimatorArchitecture
    /// The structure of its embedding network, if it has one.
    public var embedding: EmbeddingArchitecture?
    /// The form of its standardisation of theta.
    public var thetaStandardization: ThetaStandardization.Kind

    /// Makes a member from its parts; `Posterior` checks them.
    public init(
        estimator: EstimatorArchitecture,
        embedding: EmbeddingArchitecture? = nil,
        thetaStandardization: ThetaStandardization.Kind = .affine
    ) {
        self.estimator = estimator
        self.embedding = embedding
        self.thetaStandardization = thetaStandardization
    }
}

extension EstimatorArchitecture {
    /// The most members an ensemble may have.
    public static let memberLimit = ArchitectureLimits.members

    /// The densities of which the posterior is the mixture: one but for an ensemble.
    func members(
        embedding: EmbeddingArchitecture?,
        thetaStandardization: ThetaStandardization.Kind = .affine
    ) throws(EstimatorError) -> [EnsembleMember] {
        guard case .ensemble(let members) = self else {
            return [
                EnsembleMember(
                    estimator: self,
                    embedding: embedding,
                    thetaStandardization: thetaStandardization
                )
            ]
        }
        guard embedding == nil else {
            throw .invalidArchitecture("an ensemble's embedding networks are those of its members")
        }
        guard (1...ArchitectureLimits.members).contains(members.count) else {
            throw .invalidArchitecture(
                "\(members.count) members, expected 1 to \(ArchitectureLimits.members)"
            )
        }
        return members
    }

    /// What the names of a member's tensors start with.
    func tensorPrefix(ofMember index: Int) -> String {
        if case .ensemble = self { "members.\(index)." } else { "" }
    }

    /// The estimator of this structure.
    func estimator(
        thetaDim: Int,
        contextDim: Int
    ) throws(EstimatorError) -> any DensityEstimator {
        switch self {
        case .flow(let flow):
            try NormalizingFlow(flow, thetaDim: thetaDim, contextDim: contextDim)
        case .mixtureDensityNetwork(let network):
            try MixtureDensityNetwork(network, thetaDim: thetaDim, xDim: contextDim)
        case .mixtureMADE(let network):
            try MixtureMADE(network, thetaDim: thetaDim, contextDim: contextDim)
        case .ensemble:
            throw .invalidArchitecture("a member of an ensemble is itself an ensemble")
        }
    }
}
