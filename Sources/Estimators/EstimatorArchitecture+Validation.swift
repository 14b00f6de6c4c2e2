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

extension MaskedAutoregressiveFlowArchitecture {
    /// Refuses what is not a masked autoregressive flow over `thetaDim` dimensions.
    func validate(thetaDim: Int) throws(EstimatorError) {
        guard (1...ArchitectureLimits.width).contains(hiddenFeatures) else {
            throw .invalidArchitecture("hidden_features is \(hiddenFeatures), expected 1 to 4096")
        }
        guard (0...ArchitectureLimits.depth).contains(blocks) else {
            throw .invalidArchitecture("blocks is \(blocks), expected 0 to 64")
        }
        guard scaleFloor >= 0, scaleFloor <= 1 else {
            throw .invalidArchitecture("scale_floor is \(scaleFloor), expected 0 to 1")
        }
        guard (1...ArchitectureLimits.depth).contains(transforms.count) else {
            throw .invalidArchitecture("\(transforms.count) transforms, expected 1 to 64")
        }
        for (index, transform) in transforms.enumerated() {
            let name = "transforms[\(index)]"
            guard transform.degrees.count == hiddenFeatures else {
                throw .invalidArchitecture(
                    "\(name).degrees has \(transform.degrees.count) entries, "
                        + "expected \(hiddenFeatures)"
                )
            }
            if let degree = transform.degrees.first(where: { !(0..<max(thetaDim, 1)).contains($0) })
            {
                throw .invalidArchitecture(
                    "\(name).degrees holds \(degree), expected 0 to \(thetaDim - 1)"
                )
            }
            guard transform.permutation.sorted() == Array(0..<thetaDim) else {
                throw .invalidArchitecture(
                    "\(name).permutation is not a permutation of 0 to \(thetaDim - 1)"
                )
            }
        }
    }
}
