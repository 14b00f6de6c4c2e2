/// The structure of a density estimator: everything but its weights.
public enum EstimatorArchitecture: Sendable, Equatable {
    /// A masked autoregressive flow, `"maf"`.
    case maskedAutoregressiveFlow(MaskedAutoregressiveFlowArchitecture)
    /// A mixture density network, `"mdn"`.
    case mixtureDensityNetwork(MixtureDensityNetworkArchitecture)
}

/// Structure of a masked autoregressive flow in sbi's default form.
///
/// *Reference*: Papamakarios, Pavlakou, Murray (2017), Masked Autoregressive Flow for Density
/// Estimation, arXiv:1705.07057.
public struct MaskedAutoregressiveFlowArchitecture: Sendable, Equatable {
    /// One affine autoregressive map and the permutation that follows it.
    public struct Transform: Sendable, Equatable {
        /// The MADE degree of each hidden unit, `[H]`, in the order of the stored weights.
        public var degrees: [Int]
        /// After the map, `y[i] = u[permutation[i]]`, `[D]`.
        public var permutation: [Int]

        /// Makes a transform's structure from its degrees and permutation.
        public init(degrees: [Int], permutation: [Int]) {
            self.degrees = degrees
            self.permutation = permutation
        }
    }

    /// Width H of every hidden layer.
    public var hiddenFeatures: Int
    /// Number of masked tanh blocks after the first masked layer.
    public var blocks: Int
    /// Added to the softplus of the raw scale.
    public var scaleFloor: Double
    /// The maps, in the order theta passes through them.
    public var transforms: [Transform]

    /// Makes an architecture from its parts; `Posterior` checks them.
    public init(
        hiddenFeatures: Int,
        blocks: Int,
        scaleFloor: Double,
        transforms: [Transform]
    ) {
        self.hiddenFeatures = hiddenFeatures
        self.blocks = blocks
        self.scaleFloor = scaleFloor
        self.transforms = transforms
    }
}
