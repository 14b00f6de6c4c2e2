import Distributions
import Estimators
import ModelStore
import StrictJSON
import Testing

@Suite struct GoldenFileTests {
    /// The formula of Tests/Reference/model_file.py.
    private func expected(_ name: String, count: Int) -> [Float] {
        if name == "standardization.theta_scale" || name.hasSuffix("standard_deviation") {
            return (0..<count).map { 1 + Float($0 % 4) / 4 }
        }
        return (0..<count).map { index in
            // What the masks of degree 1 cut in two dimensions is zero.
            if name.hasSuffix("initial.weight") && index % 2 == 1 { return 0 }
            if name.hasSuffix("final.weight") && index < count / 2 { return 0 }
            return Float((37 * index + 11 * name.utf8.count) % 101 - 50) / 64
        }
    }

    @Test(arguments: [("maf-v1", 24), ("mdn-v1", 16), ("imported-v2", 16), ("trained-v2", 14)])
    func `files of another writer are read to the last bit`(name: String, count: Int) throws {
        let file = try ModelFile(bytes: Fixture.bytes(name))
        let tensors = file.posterior.tensors
        #expect(tensors.count == count)
        for (name, tensor) in tensors {
            #expect(tensor.values == expected(name, count: tensor.values.count), "\(name)")
        }
    }

    @Test(arguments: ["imported-v2", "trained-v2"])
    func `files of another writer are written again byte for byte`(name: String) throws {
        let bytes = try Fixture.bytes(name)
        #expect(try ModelFile(bytes: bytes).encoded() == bytes)
    }

    @Test(arguments: ["maf-v1", "mdn-v1"])
    func `files of the first version become ones of the newest`(name: String) throws {
        let first = try ModelFile(bytes: Fixture.bytes(name))
        let bytes = try first.encoded()
        let copy = try ModelFile(bytes: bytes)
        #expect(copy.metadata == first.metadata)
        #expect(copy.posterior.architecture == first.posterior.architecture)
        #expect(copy.posterior.prior == first.posterior.prior)
        #expect(copy.posterior.support == .unconstrained)
        #expect(copy.posterior.tensors == first.posterior.tensors)
        #expect(Archive(bytes).header.contains("\\\"format_version\\\":2"))
    }

    @Test func `an imported model says where it comes from`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("imported-v2"))
        #expect(file.posterior.support == .truncated)
        #expect(file.metadata.x.shape == [2, 2])
        #expect(file.metadata.training == nil)
        #expect(file.metadata.dataScale == nil)
        #expect(
            file.metadata.source
                == ModelSource(
                    software: "sbi 0.27.0",
                    estimator: "mdn",
                    versions: ["nflows": "0.14", "torch": "2.13.0"],
                    isAmortized: nil,
                    notes: ["first “note”", "second"]
                )
        )
    }

    @Test func `a model may say nothing of its simulations and seed`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("trained-v2"))
        let training = try #require(file.metadata.training)
        #expect(training.simulations == nil)
        #expect(training.seed == nil)
        #expect(file.metadata.source?.isAmortized == true)
    }

    @Test func `every structure of a flow reads back`() throws {
        let network = MaskedNetwork(
            hiddenDegrees: [[0, 1, 1], [1, 0]],
            activation: .leakyRelu,
            contextActivation: nil
        )
        let spline = RationalQuadraticSpline(bins: 7, tailBound: 4, divisor: 1.5)
        let residual = ResidualNetwork(
            hiddenFeatures: 8,
            blocks: 2,
            activation: .elu,
            normalized: true
        )
        let flow = FlowArchitecture(transforms: [
            .elementwiseAffine,
            .permutation([1, 0]),
            .lowerUpperLinear(diagonalFloor: 0.002),
            .autoregressive(
                .init(
                    order: [1, 0],
                    map: .softClippedAffine(slope: 1e-3),
                    conditioner: network
                )
            ),
            .autoregressive(
                .init(
                    order: [0, 0],
                    map: .softClippedSpline(bins: 8, bound: 5, slope: 1e-4),
                    conditioner: network
                )
            ),
            .coupling(
                .init(
                    identity: [1],
                    transformed: [0],
                    map: .rationalQuadraticSpline(spline),
                    conditioner: .residual(residual)
                )
            ),
            .coupling(
                .init(
                    identity: [],
                    transformed: [1, 0],
                    map: .softplusAffine(floor: 0.5),
                    conditioner: .layers(hiddenFeatures: [4, 6], activation: .silu)
                )
            ),
        ])
        var writer = JSONWriter()
        EstimatorArchitecture.flow(flow).write(to: &writer)
        let root = try JSONDocument(parsing: writer.finish()).root
        #expect(try EstimatorArchitecture(JSONField(root, path: "estimator")) == .flow(flow))
    }

    @Test func `the metadata of the flow say what was written`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        let posterior = file.posterior
        #expect(posterior.thetaDim == 2)
        #expect(posterior.xDim == 3)
        #expect(posterior.prior == .boxUniform(lower: [-1, -2.5], upper: [1, 2.5]))
        let maps = [[1, 0], [0, 1]].flatMap { permutation -> [FlowTransform] in
            let network = MaskedNetwork(
                hiddenDegrees: Array(repeating: [1, 1, 1, 1, 1, 1], count: 3),
                activation: .tanh,
                contextActivation: .tanh
            )
            return [
                .autoregressive(
                    AutoregressiveTransform(
                        order: [0, 1],
                        map: .softplusAffine(floor: 0.001),
                        conditioner: network
                    )
                ),
                .permutation(permutation),
            ]
        }
        #expect(posterior.architecture == .flow(FlowArchitecture(transforms: maps)))
        let metadata = ModelMetadata(
            summary: "Golden flow “maf”",
            theta: VariableDescription(names: ["θ₁", "mass"], units: ["", "kg"]),
            x: VariableDescription(shape: [3, 1], names: ["a", "b", "c"]),
            dataScale: 1.25,
            training: TrainingRecord(
                task: "golden",
                simulations: 1000,
                defense: "fim",
                beta: 0.01,
                seed: .max,
                softwareVersion: "posterior-server 0.1.0",
                batchSize: 200,
                learningRate: 0.0005,
                validationFraction: 0.1,
                epochs: 2,
                bestEpoch: 2,
                trainingLosses: [1.5, -0.25],
                validationLosses: [1.625, -0.125],
                durationSeconds: 12.75
            ),
            calibration: CalibrationSummary(
                observations: 100,
                levels: [0.5, 0.9],
                coverage: [0.52, 0.88]
            )
        )
        #expect(file.metadata == metadata)
    }

    @Test func `the metadata of the mixture say what was written`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("mdn-v1"))
        #expect(
            file.posterior.architecture
                == .mixtureDensityNetwork(
                    MixtureDensityNetworkArchitecture(
                        components: 3,
                        hiddenFeatures: 5,
                        hiddenLayers: 2,
                        diagonalFloor: 0.0001
                    )
                )
        )
        #expect(
            file.posterior.prior
                == .product([
                    .diagonalNormal(mean: [0.5], standardDeviation: [2]),
                    .logNormal(logMean: [-1], logStandardDeviation: [0.75]),
                ])
        )
        #expect(file.metadata.training?.dataDigest == "sha256:00ff")
        #expect(file.metadata.calibration == nil)
    }

    @Test func `a posterior keeps its answers through a file`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        let copy = try ModelFile(bytes: file.encoded())
        let first = file.posterior.sample(count: 20, given: [0.1, 0.2, 0.3], seed: 5)
        #expect(copy.posterior.sample(count: 20, given: [0.1, 0.2, 0.3], seed: 5) == first)
    }

    @Test(arguments: [Double.nan, .infinity])
    func `metadata that JSON cannot hold are not written`(value: Double) throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        var metadata = file.metadata
        metadata.dataScale = value
        #expect(throws: ModelFileError.self) {
            try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        }
        metadata = file.metadata
        metadata.training?.beta = value
        #expect(throws: ModelFileError.self) {
            try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        }
        metadata = file.metadata
        metadata.training?.validationLosses = [1, value]
        #expect(throws: ModelFileError.self) {
            try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        }
    }

    @Test func `metadata of another dimension are not written`() throws {
        let file = try ModelFile(bytes: Fixture.bytes("maf-v1"))
        var metadata = file.metadata
        metadata.theta = VariableDescription(names: ["a", "b", "c"])
        #expect(throws: ModelFileError.self) {
            try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        }
        metadata = file.metadata
        metadata.x = VariableDescription(shape: [4])
        #expect(throws: ModelFileError.self) {
            try ModelFile(metadata: metadata, posterior: file.posterior).encoded()
        }
    }

    @Test(arguments: [
        (
            #"{"type": "beta", "alpha": [2], "beta": [3]}"#,
            DistributionDescription.beta(alpha: [2], beta: [3], lower: [0], upper: [1])
        ),
        (
            #"{"type": "truncated_normal", "mean": [0], "standard_deviation": [1], "upper": [3]}"#,
            .truncatedNormal(
                mean: [0],
                standardDeviation: [1],
                lower: [-.infinity],
                upper: [3]
            )
        ),
    ])
    func `bounds of priors may be left out`(json: String, prior: DistributionDescription) throws {
        let root = try JSONDocument(parsing: Array(json.utf8)).root
        #expect(try DistributionDescription(JSONField(root, path: "prior")) == prior)
    }

    @Test(arguments: [
        (#"{"type": "beta", "alpha": [2], "beta": [3], "lower": [1, 2]}"#, "prior.lower"),
        (
            #"{"type": "truncated_normal", "mean": [0], "standard_deviation": [1], "lower": [[]]}"#,
            "prior.lower[0]"
        ),
        (#"{"type": "exponential", "rate": []}"#, "prior.rate"),
        (#"{"type": "gamma", "shape": [1], "rates": [1]}"#, "prior.rates"),
    ])
    func `a bad field of a prior is named`(json: String, path: String) throws {
        let root = try JSONDocument(parsing: Array(json.utf8)).root
        let error = try #require(throws: JSONFieldError.self) {
            _ = try DistributionDescription(JSONField(root, path: "prior"))
        }
        #expect(error.path == path)
    }

    @Test(arguments: [
        DistributionDescription.diagonalNormal(mean: [0, 1.5], standardDeviation: [1, 2]),
        .multivariateNormal(mean: [0, 1], covariance: [1, 0.25, 0.25, 2]),
        .boxUniform(lower: [-1], upper: [1e-300]),
        .logNormal(logMean: [0.1], logStandardDeviation: [3]),
        .truncatedNormal(
            mean: [0, 1, 2],
            standardDeviation: [1, 2, 3],
            lower: [-1, -.infinity, -.infinity],
            upper: [.infinity, 4, .infinity]
        ),
        .logUniform(lower: [0.1, 2], upper: [1, 1e6]),
        .gamma(shape: [0.5], rate: [2]),
        .beta(alpha: [2], beta: [3], lower: [-1], upper: [1]),
        .exponential(rate: [0.25]),
        .product([
            .boxUniform(lower: [0], upper: [1]),
            .product([.logNormal(logMean: [1], logStandardDeviation: [1])]),
        ]),
    ])
    func `every prior reads back`(prior: DistributionDescription) throws {
        var writer = JSONWriter()
        prior.write(to: &writer)
        let root = try JSONDocument(parsing: writer.finish()).root
        #expect(try DistributionDescription(JSONField(root, path: "prior")) == prior)
    }
}
