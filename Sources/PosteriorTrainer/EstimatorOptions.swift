import ArgumentParser
import Estimators
import Training

/// The families of estimators.
enum EstimatorFamily: String, CaseIterable, ExpressibleByArgument {
    /// Masked autoregressive flow.
    case maf
    /// Mixture density network.
    case mdn
    /// One normal with full covariance.
    case gaussian
    /// One normal with diagonal covariance.
    case gaussianDiagonal = "gaussian-diagonal"

    /// Whether it is a mixture, of one component or more.
    var isMixture: Bool { self != .maf }
}

/// The flags that describe an estimator's structure.
struct EstimatorOptions: ParsableArguments {
    @Option(
        help: """
            maf: masked autoregressive flow, for most posteriors. mdn: mixture density network, \
            for few parameters and several modes. gaussian, gaussian-diagonal: one normal whose mean \
            and covariance depend on x.
            """
    )
    var estimator = EstimatorFamily.maf

    @Option(help: ArgumentHelp("Width of the hidden layers; default: 50.", valueName: "n"))
    var hidden: Int?

    @Option(help: ArgumentHelp("maf: number of transforms; default: 5.", valueName: "n"))
    var transforms: Int?

    @Option(help: ArgumentHelp("maf: blocks of each transform; default: 2.", valueName: "n"))
    var blocks: Int?

    @Option(help: ArgumentHelp("mdn: number of components; default: 20.", valueName: "n"))
    var components: Int?

    @Option(
        help: ArgumentHelp("mdn, gaussian: number of hidden layers; default: 3.", valueName: "n")
    )
    var layers: Int?

    func validate() throws {
        let counts = [
            ("--hidden", hidden, true), ("--transforms", transforms, estimator == .maf),
            ("--blocks", blocks, estimator == .maf),
            ("--components", components, estimator == .mdn),
            ("--layers", layers, estimator.isMixture),
        ]
        for (flag, value, applies) in counts {
            guard let value else { continue }
            try require(value > 0, flag, value, expected: "at least 1")
            guard applies else {
                throw ValidationError(
                    "\(flag): --estimator \(estimator.rawValue) has no such setting"
                )
            }
        }
    }

    /// The structure for D parameters; its random parts are drawn from the run's seed.
    func architecture(thetaDim: Int, seed: UInt64) -> EstimatorArchitecture {
        switch estimator {
        case .maf:
            .maskedAutoregressiveFlow(
                thetaDim: thetaDim,
                hiddenFeatures: hidden ?? 50,
                blocks: blocks ?? 2,
                transformCount: transforms ?? 5,
                seed: SeedPurpose.architecture.seed(of: seed)
            )
        case .mdn, .gaussian, .gaussianDiagonal:
            .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: estimator == .mdn ? components ?? 20 : 1,
                    hiddenFeatures: hidden ?? 50,
                    hiddenLayers: layers ?? 3,
                    diagonalFloor: 1e-4,
                    covariance: estimator == .gaussianDiagonal ? .diagonal : .full
                )
            )
        }
    }
}
