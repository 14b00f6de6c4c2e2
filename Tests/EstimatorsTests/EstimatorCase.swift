import Autodiff
import Distributions
import Estimators
import Kernels
import TestSupport
import Testing

/// A random estimator of each kind, dimension and prior.
struct EstimatorCase: Sendable, CustomTestStringConvertible {
    var name: String
    var architecture: EstimatorArchitecture
    var prior: DistributionDescription
    var xDim = 3
    var embedding: EmbeddingArchitecture?

    var testDescription: String { name }
    /// A spline behind bijections so steep that differences cross its knots.
    var isMixedSpline: Bool { name.hasPrefix("nsf") && name.hasSuffix("mixed prior") }
    var thetaDim: Int { prior.supportTransforms.count }

    static func normal(_ dimension: Int) -> DistributionDescription {
        .diagonalNormal(
            mean: Array(repeating: 0, count: dimension),
            standardDeviation: Array(repeating: 1, count: dimension)
        )
    }

    static let mixed = DistributionDescription.product([
        .boxUniform(lower: [-2], upper: [5]),
        .logNormal(logMean: [0], logStandardDeviation: [0.5]),
        .diagonalNormal(mean: [1], standardDeviation: [2]),
        .boxUniform(lower: [0.1], upper: [0.3]),
    ])

    /// Every bijection that `mixed` lacks.
    static let bounded = DistributionDescription.product([
        .truncatedNormal(
            mean: [0, 0.5],
            standardDeviation: [1, 2],
            lower: [-1, -.infinity],
            upper: [.infinity, 1]
        ),
        .logUniform(lower: [0.01], upper: [20]),
        .beta(alpha: [2], beta: [0.5], lower: [-1], upper: [1]),
    ])

    /// One of each map, network and activation.
    private static let everyKind: FlowArchitecture = {
        func masked(_ activation: Activation, context: Activation?) -> MaskedNetwork {
            MaskedNetwork(
                hiddenDegrees: [[2, 0, 1, 1, 2, 0, 2], [1, 0, 2, 2, 1]],
                activation: activation,
                contextActivation: context
            )
        }
        let residual = ResidualNetwork(
            hiddenFeatures: 6,
            blocks: 2,
            activation: .elu,
            normalized: true
        )
        return FlowArchitecture(transforms: [
            .autoregressive(
                AutoregressiveTransform(
                    order: [2, 1, 0],
                    map: .softClippedAffine(slope: 1e-3),
                    conditioner: masked(.silu, context: nil)
                )
            ),
            .lowerUpperLinear(diagonalFloor: 1e-3),
            .autoregressive(
                AutoregressiveTransform(
                    order: [1, 0, 1],
                    map: .softClippedSpline(bins: 5, bound: 4, slope: 1e-3),
                    conditioner: masked(.softplus, context: .sigmoid)
                )
            ),
            .permutation([2, 0, 1]),
            .coupling(
                CouplingTransform(
                    identity: [2],
                    transformed: [1, 0],
                    map: .softplusAffine(floor: 1e-2),
                    conditioner: .residual(residual)
                )
            ),
            .coupling(
                CouplingTransform(
                    identity: [],
                    transformed: [0, 1, 2],
                    map: .rationalQuadraticSpline(
                        RationalQuadraticSpline(bins: 4, tailBound: 3, divisor: 2)
                    ),
                    conditioner: .layers(hiddenFeatures: [6, 4], activation: .leakyRelu)
                )
            ),
        ])
    }()

    static let all: [EstimatorCase] =
        [1, 2, 3, 10].flatMap { dimension in
            [
                EstimatorCase(
                    name: "maf, \(dimension)",
                    architecture: .maskedAutoregressiveFlow(
                        thetaDim: dimension,
                        hiddenFeatures: 14,
                        transformCount: 3,
                        seed: 3
                    ),
                    prior: normal(dimension)
                ),
                EstimatorCase(
                    name: "nsf, \(dimension)",
                    architecture: .neuralSplineFlow(
                        thetaDim: dimension,
                        hiddenFeatures: 14,
                        transformCount: 3,
                        bins: 8,
                        seed: 3
                    ),
                    prior: normal(dimension)
                ),
                EstimatorCase(
                    name: "nsf-coupling, \(dimension)",
                    architecture: .couplingSplineFlow(
                        thetaDim: dimension,
                        hiddenFeatures: 14,
                        transformCount: 3,
                        bins: 8
                    ),
                    prior: normal(dimension)
                ),
                EstimatorCase(
                    name: "mdn, \(dimension)",
                    architecture: .mixtureDensityNetwork(components: 3, hiddenFeatures: 12),
                    prior: normal(dimension)
                ),
            ]
        } + [
            EstimatorCase(
                name: "maf, mixed prior",
                architecture: .maskedAutoregressiveFlow(
                    thetaDim: 4,
                    hiddenFeatures: 20,
                    blocks: 1,
                    seed: 4
                ),
                prior: mixed
            ),
            EstimatorCase(
                name: "mdn, mixed prior",
                architecture: .mixtureDensityNetwork(components: 5, hiddenFeatures: 16),
                prior: mixed
            ),
            EstimatorCase(
                name: "maf, bounded prior",
                architecture: .maskedAutoregressiveFlow(
                    thetaDim: 4,
                    hiddenFeatures: 20,
                    blocks: 1,
                    seed: 7
                ),
                prior: bounded
            ),
            EstimatorCase(
                name: "nsf, mixed prior",
                architecture: .neuralSplineFlow(
                    thetaDim: 4,
                    hiddenFeatures: 16,
                    blocks: 1,
                    transformCount: 3,
                    bins: 6,
                    seed: 7
                ),
                prior: mixed
            ),
            EstimatorCase(
                name: "nsf-coupling, mixed prior",
                architecture: .couplingSplineFlow(
                    thetaDim: 4,
                    hiddenFeatures: 16,
                    blocks: 1,
                    transformCount: 3,
                    bins: 6
                ),
                prior: mixed
            ),
            EstimatorCase(
                name: "flow of every kind",
                architecture: .flow(everyKind),
                prior: normal(3)
            ),
            EstimatorCase(
                name: "maf, more dimensions than units",
                architecture: .maskedAutoregressiveFlow(
                    thetaDim: 9,
                    hiddenFeatures: 5,
                    blocks: 0,
                    seed: 5
                ),
                prior: normal(9)
            ),
            EstimatorCase(
                name: "maf, sbi's default",
                architecture: .maskedAutoregressiveFlow(thetaDim: 10, seed: 6),
                prior: normal(10),
                xDim: 10
            ),
        ] + diagonalMixtures + autoregressiveMixtures + embedded + [ensemble]

    private var memberCount: Int {
        if case .ensemble(let members) = architecture { members.count } else { 1 }
    }

    private static let autoregressiveMixtures = [1, 2, 3].map { dimension in
        EstimatorCase(
            name: "made, \(dimension)",
            architecture: .mixtureMADE(
                MixtureMADEArchitecture(
                    components: 2,
                    deviationFloor: 1e-2,
                    degrees: (0..<8).map { $0 % dimension + 1 },
                    blocks: 2,
                    activation: .tanh
                )
            ),
            prior: normal(dimension)
        )
    }

    /// One density behind each kind of embedding network; smooth but for the largest of a pool.
    private static let embedded = [
        (
            "mlp", [6],
            [
                .linear(features: 7), .layerNorm(epsilon: 1e-5), .activation(.elu),
                .residual([.linear(features: 7), .activation(.tanh)]), .linear(features: 4),
                .activation(.softplus),
            ]
        ),
        (
            "series", [12],
            [
                .reshape([2, 6]), .convolution(channels: 3, kernel: [3], padding: 1, stride: 1),
                .activation(.silu), .maxPool(size: 2), .flatten, .linear(features: 3),
            ]
        ),
        (
            "images", [2, 5, 4],
            [
                .convolution(channels: 3, kernel: [3, 2], padding: 1, stride: 2),
                .activation(.tanh), .flatten, .linear(features: 3),
            ]
        ),
        (
            "trials", [3, 4],
            [
                .trials(
                    [
                        .reshape([1, 4]),
                        .convolution(channels: 2, kernel: [2], padding: 0, stride: 1),
                        .flatten, .layerNorm(epsilon: 1e-5), .activation(.tanh),
                        .linear(features: 3),
                    ],
                    aggregation: .mean
                ),
                .linear(features: 4), .activation(.sigmoid),
            ]
        ),
    ].map { (name: String, shape: [Int], layers: [EmbeddingLayer]) in
        EstimatorCase(
            name: "mdn after \(name)",
            architecture: .mixtureDensityNetwork(components: 2, hiddenFeatures: 5),
            prior: normal(2),
            xDim: shape.reduce(1, *),
            embedding: EmbeddingArchitecture(xShape: shape, layers: layers)
        )
    }

    private static let ensemble = EstimatorCase(
        name: "ensemble",
        architecture: .ensemble([
            EnsembleMember(
                estimator: .maskedAutoregressiveFlow(
                    thetaDim: 1,
                    hiddenFeatures: 5,
                    transformCount: 2,
                    seed: 1
                )
            ),
            EnsembleMember(
                estimator: .mixtureDensityNetwork(components: 2, hiddenFeatures: 6),
                embedding: EmbeddingArchitecture(xShape: [3], layers: [.linear(features: 2)])
            ),
            EnsembleMember(
                estimator: .mixtureMADE(
                    MixtureMADEArchitecture(
                        thetaDim: 1,
                        components: 2,
                        hiddenFeatures: 4,
                        blocks: 1
                    )
                )
            ),
        ]),
        prior: normal(1)
    )

    private static let diagonalMixtures = [1, 2, 10].map { dimension in
        EstimatorCase(
            name: "mdn with diagonal covariances, \(dimension)",
            architecture: .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: 2,
                    hiddenFeatures: 12,
                    hiddenLayers: 1,
                    diagonalFloor: 1e-4,
                    covariance: .diagonal,
                    activation: .elu
                )
            ),
            prior: normal(dimension)
        )
    }

    /// Weights that make the maps curve: the initial ones, jittered.
    func parameters(of estimator: any TrainableDensityEstimator, jitter: Float = 0.1) -> [Float] {
        var stream = RandomStream(seed: 11)
        return estimator.initialParameters(seed: 2).map { value in
            // Masked entries and padding are zero and stay so.
            value == 0 ? 0 : value + jitter * Float(stream.normal())
        }
    }

    private var standardization: Standardization {
        Standardization(
            thetaScale: (0..<thetaDim).map { 0.5 + 0.25 * Float($0 % 4) },
            thetaShift: (0..<thetaDim).map { 0.1 * Float($0) - 0.2 },
            xMean: (0..<xDim).map { Float($0) - 1 },
            xStandardDeviation: (0..<xDim).map { 1 + 0.5 * Float($0) }
        )
    }

    func trainable() throws -> any TrainableDensityEstimator {
        try architecture.trainable(
            embedding: embedding,
            prior: prior,
            standardization: standardization
        )
    }

    /// log q(theta | x) as a function of x at one theta, or of theta at one x.
    func programCase(byObservation: Bool) throws -> ProgramCase {
        let density = try ConditionalDensity(
            architecture: architecture,
            embedding: embedding,
            prior: prior,
            standardizations: Array(repeating: standardization, count: memberCount)
        )
        // Inside every support of these tests.
        let theta = prior.supportTransforms.map { transform -> Float in
            guard case .interval(let lower, let upper) = transform else { return 0.7 }
            return Float(0.3 * lower + 0.7 * upper)
        }
        let x = (0..<xDim).map { 0.4 * Float($0) - 0.3 }
        return ProgramCase(
            "\(name) by \(byObservation ? "x" : "theta")",
            layout: density.layout,
            inputWidth: byObservation ? xDim : thetaDim,
            range: byObservation ? .normal : .between(0.12, 0.27),
            append: { program, input in
                byObservation
                    ? density.appendLogProb(of: program.literal(theta), given: input, to: &program)
                    : density.appendLogProb(of: input, given: program.literal(x), to: &program)
            }
        )
    }

    /// log q(u | a) − log q(u | b) of a draw u from q(· | a), as a function of a; nil for
    /// estimators whose draws have no derivative.
    func divergenceCase() throws -> ProgramCase? {
        let density = try ConditionalDensity(
            architecture: architecture,
            embedding: embedding,
            prior: prior,
            standardizations: Array(repeating: standardization, count: memberCount)
        )
        func hasTooManyParts(_ architecture: EstimatorArchitecture) -> Bool {
            switch architecture {
            case .mixtureMADE: true
            case .ensemble(let members): members.contains { hasTooManyParts($0.estimator) }
            case .flow, .mixtureDensityNetwork: false
            }
        }
        if hasTooManyParts(architecture) { return nil }
        let x = (0..<xDim).map { 0.4 * Float($0) - 0.3 }
        let normals = (0..<thetaDim).map { 0.7 - 0.5 * Float($0 % 3) }
        return ProgramCase(
            "\(name), divergence",
            layout: density.layout,
            inputWidth: xDim,
            append: { program, input in
                let first = density.appendContexts(of: input, to: &program)
                let second = density.appendContexts(of: program.literal(x), to: &program)
                let value = density.appendDivergence(
                    of: first,
                    from: second,
                    normals: program.literal(normals),
                    to: &program
                )
                guard let value else { preconditionFailure("\(name) has too many parts") }
                return value
            }
        )
    }

    func posterior(jitter: Float = 0.1) throws -> Posterior {
        let estimator = try trainable()
        return try estimator.posterior(parameters: parameters(of: estimator, jitter: jitter))
    }

    /// Standard normal observations, `[count, L]`.
    func observations(_ count: Int, seed: UInt64 = 21) -> [Float] {
        var stream = RandomStream(seed: seed)
        return (0..<(count * xDim)).map { _ in Float(stream.normal()) }
    }
}

extension EstimatorArchitecture {
    /// Whether it maps theta to base noise and back.
    var isFlow: Bool {
        if case .flow = self { true } else { false }
    }
}
