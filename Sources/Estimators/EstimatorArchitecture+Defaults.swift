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
        .flow(
            FlowArchitecture(
                autoregressive: .softplusAffine(floor: 1e-3),
                thetaDim: thetaDim,
                conditioner: .alternating(
                    thetaDim: thetaDim,
                    hiddenFeatures: hiddenFeatures,
                    blocks: blocks
                ),
                transformCount: transformCount,
                seed: seed
            )
        )
    }

    /// An autoregressive spline flow, its permutations drawn from `seed`.
    ///
    /// *Reference*: Durkan, Bekasov, Murray, Papamakarios (2019), Neural Spline Flows,
    /// arXiv:1906.04032, RQ-NSF (AR).
    public static func neuralSplineFlow(
        thetaDim: Int,
        hiddenFeatures: Int = 50,
        blocks: Int = 2,
        transformCount: Int = 5,
        bins: Int = 10,
        tailBound: Double = 5,
        seed: UInt64
    ) -> Self {
        .flow(
            FlowArchitecture(
                autoregressive: .rationalQuadraticSpline(
                    RationalQuadraticSpline(bins: bins, tailBound: tailBound)
                ),
                thetaDim: thetaDim,
                conditioner: .alternating(
                    thetaDim: thetaDim,
                    hiddenFeatures: hiddenFeatures,
                    blocks: blocks
                ),
                transformCount: transformCount,
                seed: seed
            )
        )
    }

    /// A spline flow of couplings in sbi's default form.
    ///
    /// *Reference*: sbi 0.27, `posterior_nn("nsf")`.
    public static func couplingSplineFlow(
        thetaDim: Int,
        hiddenFeatures: Int = 50,
        blocks: Int = 2,
        transformCount: Int = 5,
        bins: Int = 10,
        tailBound: Double = 3
    ) -> Self {
        let spline = RationalQuadraticSpline(
            bins: bins,
            tailBound: tailBound,
            divisor: Double(max(hiddenFeatures, 1)).squareRoot()
        )
        let network =
            thetaDim > 1
            ? CouplingNetwork.residual(
                ResidualNetwork(
                    hiddenFeatures: hiddenFeatures,
                    blocks: blocks,
                    activation: .relu,
                    normalized: false
                )
            ) : .layers(hiddenFeatures: [hiddenFeatures, hiddenFeatures], activation: .relu)
        return .flow(
            FlowArchitecture(
                transforms: (0..<max(transformCount, 0)).flatMap { index -> [FlowTransform] in
                    let parity = thetaDim > 1 ? index % 2 : 0
                    let coupling = CouplingTransform(
                        identity: (0..<thetaDim).filter { $0 % 2 != parity },
                        transformed: (0..<thetaDim).filter { $0 % 2 == parity },
                        map: .rationalQuadraticSpline(spline),
                        conditioner: network
                    )
                    return thetaDim > 1
                        ? [.coupling(coupling), .lowerUpperLinear(diagonalFloor: 1e-3)]
                        : [.coupling(coupling)]
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

extension FlowArchitecture {
    /// Autoregressive maps in the order of theta, each followed by a permutation drawn from
    /// `seed`.
    fileprivate init(
        autoregressive map: FeatureMap,
        thetaDim: Int,
        conditioner: MaskedNetwork,
        transformCount: Int,
        seed: UInt64
    ) {
        var stream = RandomStream(seed: seed, stream: 2)
        self.init(
            transforms: (0..<max(transformCount, 0)).flatMap { _ in
                [
                    .autoregressive(
                        AutoregressiveTransform(
                            order: Array(0..<thetaDim),
                            map: map,
                            conditioner: conditioner
                        )
                    ),
                    .permutation(stream.permutation(thetaDim)),
                ]
            }
        )
    }
}

extension MaskedNetwork {
    /// Layers of equal width whose units take the degrees 1 to D − 1 in turn, with tanh.
    ///
    /// *Reference*: sbi 0.27 and nflows 0.14, `MADE` without random masks.
    fileprivate static func alternating(
        thetaDim: Int,
        hiddenFeatures: Int,
        blocks: Int
    ) -> Self {
        let degrees = (0..<max(hiddenFeatures, 0)).map { unit in
            unit % max(1, thetaDim - 1) + min(1, thetaDim - 1)
        }
        return Self(
            hiddenDegrees: Array(repeating: degrees, count: max(blocks, 0) + 1),
            activation: .tanh,
            contextActivation: .tanh
        )
    }
}
