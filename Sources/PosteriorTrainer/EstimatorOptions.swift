public import ArgumentParser
public import Estimators
import Training

/// The families of estimators.
enum EstimatorFamily: String, CaseIterable, ExpressibleByArgument {
    /// Masked autoregressive flow.
    case maf
    /// Autoregressive spline flow.
    case nsf
    /// Spline flow of couplings.
    case nsfCoupling = "nsf-coupling"
    /// Mixture density network.
    case mdn
    /// One normal with full covariance.
    case gaussian
    /// One normal with diagonal covariance.
    case gaussianDiagonal = "gaussian-diagonal"

    /// Whether it is a flow.
    var isFlow: Bool { self == .maf || isSplineFlow }
    /// Whether it is a flow of splines.
    var isSplineFlow: Bool { self == .nsf || self == .nsfCoupling }
    /// Whether it is a mixture, of one component or more.
    var isMixture: Bool { !isFlow }
}

/// The flags that describe an estimator's structure.
struct EstimatorOptions: ParsableArguments {
    @Option(
        help: """
            maf: masked autoregressive flow, fast, for most posteriors. nsf: autoregressive spline \
            flow, for posteriors with several modes or sharp edges. nsf-coupling: spline flow of \
            couplings, as sbi's nsf. mdn: mixture density network, \
            for few parameters and several modes. gaussian, gaussian-diagonal: one normal whose mean \
            and covariance depend on x.
            """
    )
    var estimator = EstimatorFamily.maf

    @Option(help: ArgumentHelp("Width of the hidden layers; default: 50.", valueName: "n"))
    var hidden: Int?

    @Option(help: ArgumentHelp("Flows: number of transforms; default: 5.", valueName: "n"))
    var transforms: Int?

    @Option(help: ArgumentHelp("Flows: blocks of each transform; default: 2.", valueName: "n"))
    var blocks: Int?

    @Option(help: ArgumentHelp("Spline flows: bins of a spline; default: 10.", valueName: "n"))
    var bins: Int?

    @Option(
        help: ArgumentHelp(
            """
            Spline flows: standardised theta beyond this bound is not bent; default: 5, \
            nsf-coupling: 3.
            """,
            valueName: "bound"
        )
    )
    var tailBound: Double?

    @Option(help: ArgumentHelp("mdn: number of components; default: 20.", valueName: "n"))
    var components: Int?

    @Option(
        help: ArgumentHelp("mdn, gaussian: number of hidden layers; default: 3.", valueName: "n")
    )
    var layers: Int?

    @Option(
        help: """
            mdn, gaussian: the function after a hidden layer; default: relu. silu is smooth, and so \
            are posteriors and their Fisher information as functions of x.
            """
    )
    var activation: Activation?

    @Option(
        help: """
            unconstrained: the estimator sees theta through the prior's bijection, so that no draw \
            leaves the prior. truncated: it sees theta itself, and draws outside the prior are \
            rejected when it is served; suits bounded priors much wider than the posteriors.
            """
    )
    var support = PosteriorSupport.unconstrained

    func validate() throws {
        let counts = [
            ("--hidden", hidden, true), ("--transforms", transforms, estimator.isFlow),
            ("--blocks", blocks, estimator.isFlow),
            ("--bins", bins, estimator.isSplineFlow),
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
        guard activation == nil || estimator.isMixture else {
            throw ValidationError(
                "--activation: --estimator \(estimator.rawValue) has no such setting"
            )
        }
        if let bins { try require(bins >= 2, "--bins", bins, expected: "at least 2") }
        if let tailBound {
            try require(
                tailBound >= 0.1 && tailBound <= 1000,
                "--tail-bound",
                tailBound,
                expected: "0.1 to 1000"
            )
            guard estimator.isSplineFlow else {
                throw ValidationError(
                    "--tail-bound: --estimator \(estimator.rawValue) has no such setting"
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
        case .nsf:
            .neuralSplineFlow(
                thetaDim: thetaDim,
                hiddenFeatures: hidden ?? 50,
                blocks: blocks ?? 2,
                transformCount: transforms ?? 5,
                bins: bins ?? 10,
                tailBound: tailBound ?? 5,
                seed: SeedPurpose.architecture.seed(of: seed)
            )
        case .nsfCoupling:
            .couplingSplineFlow(
                thetaDim: thetaDim,
                hiddenFeatures: hidden ?? 50,
                blocks: blocks ?? 2,
                transformCount: transforms ?? 5,
                bins: bins ?? 10,
                tailBound: tailBound ?? 3
            )
        case .mdn, .gaussian, .gaussianDiagonal:
            .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: estimator == .mdn ? components ?? 20 : 1,
                    hiddenFeatures: hidden ?? 50,
                    hiddenLayers: layers ?? 3,
                    diagonalFloor: 1e-4,
                    covariance: estimator == .gaussianDiagonal ? .diagonal : .full,
                    activation: activation ?? .relu
                )
            )
        }
    }
}

extension PosteriorSupport: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
