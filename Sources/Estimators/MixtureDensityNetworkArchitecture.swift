/// Structure of a mixture density network.
///
/// *Reference*: Bishop (1994), Mixture Density Networks, Aston University NCRG/94/004.
public struct MixtureDensityNetworkArchitecture: Sendable, Equatable {
    /// Which entries the precision factors of the components have.
    public enum Covariance: String, Sendable, CaseIterable {
        /// All on and above the diagonal: any covariance.
        case full
        /// The diagonal alone: independent parameters within a component.
        case diagonal
    }

    /// Number of mixture components; with one it is a Gaussian.
    public var components: Int
    /// Width of every hidden layer.
    public var hiddenFeatures: Int
    /// Number of hidden layers.
    public var hiddenLayers: Int
    /// Added to the softplus of the raw diagonal of each precision factor.
    public var diagonalFloor: Double
    /// Added to the precision in the quadratic form alone, as sbi does: neither the determinant
    /// nor the draws have it, so that the density integrates to a little less than one.
    public var quadraticFloor: Double
    /// The form of the covariances.
    public var covariance: Covariance
    /// The function after each hidden layer.
    public var activation: Activation

    /// Makes an architecture from its parts; `Posterior` checks them.
    public init(
        components: Int,
        hiddenFeatures: Int,
        hiddenLayers: Int,
        diagonalFloor: Double,
        quadraticFloor: Double = 0,
        covariance: Covariance = .full,
        activation: Activation = .relu
    ) {
        self.components = components
        self.hiddenFeatures = hiddenFeatures
        self.hiddenLayers = hiddenLayers
        self.diagonalFloor = diagonalFloor
        self.quadraticFloor = quadraticFloor
        self.covariance = covariance
        self.activation = activation
    }
}

extension MixtureDensityNetworkArchitecture {
    /// Refuses what is not a mixture over `thetaDim` dimensions.
    func validate(thetaDim: Int) throws(EstimatorError) {
        guard (1...ArchitectureLimits.width).contains(components) else {
            throw .invalidArchitecture("components is \(components), expected 1 to 4096")
        }
        guard components * thetaDim * (thetaDim + 1) / 2 <= ArchitectureLimits.mixtureTerms else {
            throw .invalidArchitecture(
                "\(components) components in \(thetaDim) dimensions are too large a mixture"
            )
        }
        guard (1...ArchitectureLimits.width).contains(hiddenFeatures) else {
            throw .invalidArchitecture("hidden_features is \(hiddenFeatures), expected 1 to 4096")
        }
        guard (1...ArchitectureLimits.depth).contains(hiddenLayers) else {
            throw .invalidArchitecture("hidden_layers is \(hiddenLayers), expected 1 to 64")
        }
        guard diagonalFloor >= 0, diagonalFloor < 1 else {
            throw .invalidArchitecture("diagonal_floor is \(diagonalFloor), expected 0 to below 1")
        }
        guard quadraticFloor >= 0, quadraticFloor < 1 else {
            throw .invalidArchitecture(
                "quadratic_floor is \(quadraticFloor), expected 0 to below 1"
            )
        }
    }
}
