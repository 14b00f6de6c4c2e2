/// The structure of a density estimator: everything but its weights.
public enum EstimatorArchitecture: Sendable, Equatable {
    /// A normalizing flow, `"flow"`.
    case flow(FlowArchitecture)
    /// A mixture density network with full covariances, `"mdn"`.
    case mixtureDensityNetwork(MixtureDensityNetworkArchitecture)
}

/// Structure of a mixture density network whose components have full precision factors.
///
/// *Reference*: Bishop (1994), Mixture Density Networks, Aston University NCRG/94/004.
public struct MixtureDensityNetworkArchitecture: Sendable, Equatable {
    /// Number of mixture components.
    public var components: Int
    /// Width of every hidden layer.
    public var hiddenFeatures: Int
    /// Number of hidden layers.
    public var hiddenLayers: Int
    /// Added to the softplus of the raw diagonal of each precision factor.
    public var diagonalFloor: Double

    /// Makes an architecture from its parts; `Posterior` checks them.
    public init(
        components: Int,
        hiddenFeatures: Int,
        hiddenLayers: Int,
        diagonalFloor: Double
    ) {
        self.components = components
        self.hiddenFeatures = hiddenFeatures
        self.hiddenLayers = hiddenLayers
        self.diagonalFloor = diagonalFloor
    }
}
