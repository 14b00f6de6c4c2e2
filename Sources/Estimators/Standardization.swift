public import Distributions

/// Z-scoring of theta (in unconstrained space) and of x, from the training rows.
///
/// Training divides by the standard deviation with n − 1; a constant feature keeps scale 1.
public struct Standardization: Sendable, Equatable {
    /// z = thetaScale · u + thetaShift for each dimension of theta, `[D]`.
    public var thetaScale: [Float]
    /// See `thetaScale`.
    public var thetaShift: [Float]
    /// Mean of each entry of x, `[L]`.
    public var xMean: [Float]
    /// Standard deviation of each entry of x, `[L]`, positive.
    public var xStandardDeviation: [Float]

    /// Makes a standardisation from its numbers.
    public init(
        thetaScale: [Float],
        thetaShift: [Float],
        xMean: [Float],
        xStandardDeviation: [Float]
    ) {
        self.thetaScale = thetaScale
        self.thetaShift = thetaShift
        self.xMean = xMean
        self.xStandardDeviation = xStandardDeviation
    }

    /// Measures the rows of a training set, in Double.
    ///
    /// - Parameters:
    ///   - theta: `[N, D]`, in the user's units.
    ///   - x: `[N, L]`.
    ///   - rows: The rows to measure.
    ///   - prior: Gives D and the way to unconstrained space.
    ///   - xDim: L.
    public init(
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        prior: DistributionDescription,
        xDim: Int
    ) {
        let thetaDim = prior.supportTransforms.count
        self.init(
            thetaScale: Array(repeating: 1, count: thetaDim),
            thetaShift: Array(repeating: 0, count: thetaDim),
            xMean: Array(repeating: 0, count: xDim),
            xStandardDeviation: Array(repeating: 1, count: xDim)
        )
    }
}

extension EstimatorArchitecture {
    /// The estimator of this structure over a vector of parameters to be trained.
    ///
    /// - Throws: `EstimatorError` naming the part that does not fit.
    public func trainable(
        prior: DistributionDescription,
        standardization: Standardization
    ) throws(EstimatorError) -> any TrainableDensityEstimator {
        throw .invalidArchitecture("no trainable estimator yet")
    }

    /// A masked autoregressive flow with random permutations drawn from `seed`; sbi's defaults.
    public static func maskedAutoregressiveFlow(
        thetaDim: Int,
        hiddenFeatures: Int = 50,
        blocks: Int = 2,
        transformCount: Int = 5,
        seed: UInt64
    ) -> Self {
        .maskedAutoregressiveFlow(
            MaskedAutoregressiveFlowArchitecture(
                hiddenFeatures: hiddenFeatures,
                blocks: blocks,
                scaleFloor: 1e-3,
                transforms: []
            )
        )
    }
}
