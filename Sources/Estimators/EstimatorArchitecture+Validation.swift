/// Bounds on what a file or a user may ask for.
enum ArchitectureLimits {
    /// Units of one layer, dimensions of theta, components.
    static let width = 4096
    /// Entries of one observation.
    static let xDim = 1 << 20
    /// Transforms, blocks or layers.
    static let depth = 64
    /// Members of an ensemble.
    static let members = 64
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
