import Distributions

/// A prior's support as single precision sees it.
struct PriorSupport: Sendable {
    private let distribution: any Distribution
    /// The least and greatest numbers strictly inside, of each dimension.
    private let lower: [Float]
    private let upper: [Float]

    /// Checks that the prior is a distribution of D dimensions.
    init(_ prior: DistributionDescription, thetaDim: Int) throws(TrainingError) {
        do {
            distribution = try prior.makeDistribution()
        } catch {
            throw .invalidPrior(error)
        }
        guard distribution.dimension == thetaDim else {
            throw .priorDimension(expected: thetaDim, found: distribution.dimension)
        }
        let bounds = distribution.supportTransforms.map { $0.singlePrecisionBounds ?? 0...0 }
        lower = bounds.map(\.lowerBound)
        upper = bounds.map(\.upperBound)
    }

    /// Whether the prior's density at theta, `[D]`, is positive.
    func contains(_ theta: ArraySlice<Float>) -> Bool {
        let isInside = zip(theta.indices, lower.indices).allSatisfy { place, dimension in
            theta[place] >= lower[dimension] && theta[place] <= upper[dimension]
        }
        // Bounds may belong to the support.
        return isInside || distribution.contains(theta.map(Double.init))
    }

    /// Moves rows, `[rows, D]`, to the nearest numbers strictly inside.
    func roundInside(_ theta: inout [Float]) {
        for start in stride(from: 0, to: theta.count, by: lower.count) {
            for dimension in lower.indices {
                let value = theta[start + dimension]
                theta[start + dimension] = min(max(value, lower[dimension]), upper[dimension])
            }
        }
    }
}
