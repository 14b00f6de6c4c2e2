extension ArchitectureLimits {
    /// Bins of a spline.
    static let bins = 1024
    /// Weights of a flow.
    static let flowWeights = 1 << 28
    /// Features times transforms: what a draw passes one after the other.
    static let flowSteps = 1 << 16
}

extension FlowArchitecture {
    /// Refuses what is not a flow over `thetaDim` dimensions and a context of `contextDim`.
    func validate(thetaDim: Int, contextDim: Int) throws(EstimatorError) {
        guard (1...(4 * ArchitectureLimits.depth)).contains(transforms.count) else {
            throw .invalidArchitecture("\(transforms.count) transforms, expected 1 to 256")
        }
        guard transforms.count * thetaDim <= ArchitectureLimits.flowSteps else {
            throw .invalidArchitecture(
                "\(transforms.count) transforms of \(thetaDim) dimensions are too large a flow"
            )
        }
        var weights = 0
        for (index, transform) in transforms.enumerated() {
            try transform.validate(name: "transforms[\(index)]", thetaDim: thetaDim)
            // A transform's layers are checked to be small enough for this sum not to overflow.
            weights += transform.weightCount(thetaDim: thetaDim, contextDim: contextDim)
            guard weights <= ArchitectureLimits.flowWeights else {
                throw .invalidArchitecture(
                    "the flow has more than \(ArchitectureLimits.flowWeights) weights"
                )
            }
        }
    }
}

extension FlowTransform {
    fileprivate func validate(name: String, thetaDim: Int) throws(EstimatorError) {
        switch self {
        case .elementwiseAffine: break
        case .permutation(let permutation):
            guard permutation.isPermutation(of: thetaDim) else {
                throw .invalidArchitecture(
                    "\(name).permutation is not a permutation of 0 to \(thetaDim - 1)"
                )
            }
        case .lowerUpperLinear(let floor):
            guard floor >= 0, floor < 1 else {
                throw .invalidArchitecture(
                    "\(name).diagonal_floor is \(floor), expected 0 to below 1"
                )
            }
        case .autoregressive(let transform):
            let levels = 0..<thetaDim
            guard transform.order.count == thetaDim,
                transform.order.allSatisfy({ levels.contains($0) })
            else {
                throw .invalidArchitecture(
                    "\(name).order is not \(thetaDim) levels of 0 to \(thetaDim - 1)"
                )
            }
            try transform.map.validate(name: "\(name).map")
            try transform.conditioner.validate(
                name: "\(name).conditioner",
                thetaDim: thetaDim
            )
        case .coupling(let transform):
            guard !transform.transformed.isEmpty,
                (transform.identity + transform.transformed).isPermutation(of: thetaDim)
            else {
                throw .invalidArchitecture(
                    "\(name): identity and transformed do not part 0 to \(thetaDim - 1)"
                )
            }
            try transform.map.validate(name: "\(name).map")
            try transform.conditioner.validate(name: "\(name).conditioner")
        }
    }

    /// How many numbers the tensors hold; at most a few times 4096³.
    fileprivate func weightCount(thetaDim: Int, contextDim: Int) -> Int {
        switch self {
        case .elementwiseAffine: return 2 * thetaDim
        case .permutation: return 0
        case .lowerUpperLinear: return thetaDim * (thetaDim + 1)
        case .autoregressive(let transform):
            let widths = transform.conditioner.hiddenDegrees.map(\.count)
            let numbers = thetaDim * transform.map.numbersPerFeature
            return weights(of: [thetaDim + contextDim + 1] + widths + [numbers])
        case .coupling(let transform):
            let numbers = transform.transformed.count * transform.map.numbersPerFeature
            let inputs = transform.identity.count + contextDim
            switch transform.conditioner {
            case .residual(let network):
                let width = network.hiddenFeatures
                let block = weights(of: [width, width, width]) + (contextDim + 3) * width
                return weights(of: [inputs, width, numbers]) + network.blocks * block
            case .layers(let widths, _):
                return weights(of: [inputs] + widths + [numbers])
            }
        }
    }

    private func weights(of widths: [Int]) -> Int {
        zip(widths, widths.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
    }
}

extension FeatureMap {
    fileprivate func validate(name: String) throws(EstimatorError) {
        switch self {
        case .softplusAffine(let floor):
            guard floor >= 0, floor <= 1 else {
                throw .invalidArchitecture("\(name).floor is \(floor), expected 0 to 1")
            }
        case .softClippedAffine(let slope): try validate(slope: slope, name)
        case .rationalQuadraticSpline(let spline):
            try validate(bins: spline.bins, bound: spline.tailBound, name)
            for (field, minimum) in [
                ("min_bin_width", spline.minimumBinWidth),
                ("min_bin_height", spline.minimumBinHeight),
            ] where !(minimum >= 0 && minimum * Double(spline.bins) < 1) {
                throw .invalidArchitecture(
                    "\(name).\(field) is \(minimum), expected 0 to below 1/\(spline.bins)"
                )
            }
            guard spline.minimumDerivative >= 0, spline.minimumDerivative < 1 else {
                throw .invalidArchitecture(
                    "\(name).min_derivative is \(spline.minimumDerivative), "
                        + "expected 0 to below 1"
                )
            }
            guard spline.divisor >= 1e-3, spline.divisor <= 1e6 else {
                throw .invalidArchitecture(
                    "\(name).divisor is \(spline.divisor), expected 1e-3 to 1e6"
                )
            }
        case .softClippedSpline(let bins, let bound, let slope):
            try validate(bins: bins, bound: bound, name)
            try validate(slope: slope, name)
        }
    }

    private func validate(slope: Double, _ name: String) throws(EstimatorError) {
        guard slope >= 1e-30, slope < 1 else {
            throw .invalidArchitecture("\(name).slope is \(slope), expected 1e-30 to below 1")
        }
    }

    private func validate(bins: Int, bound: Double, _ name: String) throws(EstimatorError) {
        guard (2...ArchitectureLimits.bins).contains(bins) else {
            throw .invalidArchitecture(
                "\(name).bins is \(bins), expected 2 to \(ArchitectureLimits.bins)"
            )
        }
        guard bound >= 1e-3, bound <= 1e6 else {
            throw .invalidArchitecture("\(name): the bound is \(bound), expected 1e-3 to 1e6")
        }
    }
}

extension MaskedNetwork {
    fileprivate func validate(name: String, thetaDim: Int) throws(EstimatorError) {
        guard (1...(ArchitectureLimits.depth + 1)).contains(hiddenDegrees.count) else {
            throw .invalidArchitecture(
                "\(name).hidden_degrees has \(hiddenDegrees.count) layers, expected 1 to 65"
            )
        }
        for (layer, degrees) in hiddenDegrees.enumerated() {
            guard (1...ArchitectureLimits.width).contains(degrees.count) else {
                throw .invalidArchitecture(
                    "\(name).hidden_degrees[\(layer)] has \(degrees.count) units, "
                        + "expected 1 to 4096"
                )
            }
            if let degree = degrees.first(where: { !(0..<thetaDim).contains($0) }) {
                throw .invalidArchitecture(
                    "\(name).hidden_degrees[\(layer)] holds \(degree), "
                        + "expected 0 to \(thetaDim - 1)"
                )
            }
        }
    }
}

extension CouplingNetwork {
    fileprivate func validate(name: String) throws(EstimatorError) {
        switch self {
        case .residual(let network):
            try validate(width: network.hiddenFeatures, "\(name).hidden_features")
            guard (0...ArchitectureLimits.depth).contains(network.blocks) else {
                throw .invalidArchitecture("\(name).blocks is \(network.blocks), expected 0 to 64")
            }
        case .layers(let widths, _):
            guard (1...ArchitectureLimits.depth).contains(widths.count) else {
                throw .invalidArchitecture(
                    "\(name).hidden_features has \(widths.count) layers, expected 1 to 64"
                )
            }
            for (layer, width) in widths.enumerated() {
                try validate(width: width, "\(name).hidden_features[\(layer)]")
            }
        }
    }

    private func validate(width: Int, _ name: String) throws(EstimatorError) {
        guard (1...ArchitectureLimits.width).contains(width) else {
            throw .invalidArchitecture("\(name) is \(width), expected 1 to 4096")
        }
    }
}

extension [Int] {
    /// Whether the entries are 0 to `count` − 1, each once.
    fileprivate func isPermutation(of count: Int) -> Bool {
        self.count == count && sorted() == Array(0..<count)
    }
}
