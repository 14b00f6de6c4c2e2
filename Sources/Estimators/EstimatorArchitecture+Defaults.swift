import Kernels

extension EstimatorArchitecture {
    /// A masked autoregressive flow in sbi's default form, its permutations drawn from `seed`.
    ///
    /// *Reference*: sbi 0.27, `posterior_nn("maf")`.
    public static func maskedAutoregressiveFlow(
        thetaDim: Int,
        hiddenFeatures: Int = 50,
        blocks: Int = 2,
        transformCount: Int = 5,
        seed: UInt64
    ) -> Self {
        var stream = RandomStream(seed: seed, stream: 2)
        let degrees = (0..<max(hiddenFeatures, 0)).map { unit in
            unit % max(1, thetaDim - 1) + min(1, thetaDim - 1)
        }
        return .maskedAutoregressiveFlow(
            MaskedAutoregressiveFlowArchitecture(
                hiddenFeatures: hiddenFeatures,
                blocks: blocks,
                scaleFloor: 1e-3,
                transforms: (0..<max(transformCount, 0)).map { _ in
                    .init(degrees: degrees, permutation: stream.permutation(thetaDim))
                }
            )
        )
    }

    /// A mixture density network with full covariances in sbi's default form.
    ///
    /// *Reference*: sbi 0.27, `posterior_nn("mdn")`.
    public static func mixtureDensityNetwork(
        components: Int = 10,
        hiddenFeatures: Int = 50,
        hiddenLayers: Int = 2
    ) -> Self {
        .mixtureDensityNetwork(
            MixtureDensityNetworkArchitecture(
                components: components,
                hiddenFeatures: hiddenFeatures,
                hiddenLayers: hiddenLayers,
                diagonalFloor: 1e-4
            )
        )
    }
}
