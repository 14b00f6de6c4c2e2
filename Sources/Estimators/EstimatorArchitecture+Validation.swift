/// Bounds on what a file or a user may ask for.
enum ArchitectureLimits {
    /// Units of one layer, dimensions of theta, components.
    static let width = 4096
    /// Entries of one observation.
    static let xDim = 1 << 20
    /// Transforms, blocks or layers.
    static let depth = 64
    /// Products in one evaluation of a mixture.
    static let mixtureTerms = 1 << 20
}

extension EstimatorArchitecture {
    /// Refuses dimensions that no estimator can have.
    static func validate(thetaDim: Int, xDim: Int) throws(EstimatorError) {
        guard (1...ArchitectureLimits.width).contains(thetaDim) else {
            throw .invalidArchitecture("theta_dim is \(thetaDim), expected 1 to 4096")
        }
        guard (1...ArchitectureLimits.xDim).contains(xDim) else {
            throw .invalidArchitecture("x_dim is \(xDim), expected 1 to 1048576")
        }
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
    }
}
