import Distributions
import Estimators
import ModelStore
import PosteriorAPI
import Robustness

/// A model whose posterior is theta_i ~ N(slope_i x_i, 1), i = 0, 1, and does not move with the rest
/// of x: its Fisher information is diagonal, slope_i² and zeros.
enum LinearModel {
    static let slopes: [Float] = [3, 0.5]

    /// A service with nothing but this model, called `linear`.
    ///
    /// - Parameters:
    ///   - xShape: What x looks like, two numbers or more.
    ///   - support: A `.truncated` one has the prior's box −1…1 in both parameters.
    ///   - dataScale: The scale s.
    ///   - isCalibrated: Whether it knows a hundred observations from −1 to 1 along the first entry.
    ///   - limits: Those of the service.
    static func client(
        xShape: [Int] = [2],
        support: PosteriorSupport = .unconstrained,
        dataScale: Double? = 2,
        isCalibrated: Bool = false,
        limits: ServiceLimits = ServiceLimits()
    ) throws -> InMemoryClient {
        let xDim = xShape.reduce(1, *)
        // Two units of relu make a linear function.
        var hidden = [Float](repeating: 0, count: 4 * xDim)
        for (unit, sign) in [(0, Float(1)), (1, -1), (2, 1), (3, -1)] {
            hidden[unit * xDim + unit / 2] = sign
        }
        let means = [slopes[0], -slopes[0], 0, 0, 0, 0, slopes[1], -slopes[1]]
        func tensor(_ shape: [Int], _ values: [Float]) -> Tensor {
            Tensor(shape: shape, values: values)
        }
        func constant(_ value: Float, _ shape: Int...) -> Tensor {
            tensor(shape, Array(repeating: value, count: shape.reduce(1, *)))
        }
        let posterior = try Posterior(
            architecture: .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: 1,
                    hiddenFeatures: 4,
                    hiddenLayers: 1,
                    diagonalFloor: 0,
                    covariance: .diagonal
                )
            ),
            prior: support == .truncated
                ? .boxUniform(lower: [-1, -1], upper: [1, 1])
                : .diagonalNormal(mean: [0, 0], standardDeviation: [9, 9]),
            support: support,
            thetaDim: 2,
            xDim: xDim,
            tensors: [
                "hidden.0.weight": tensor([4, xDim], hidden), "hidden.0.bias": constant(0, 4),
                "logits.weight": constant(0, 1, 4), "logits.bias": constant(0, 1),
                "means.weight": tensor([2, 4], means), "means.bias": constant(0, 2),
                "diagonal.weight": constant(0, 2, 4),
                // log(e − 1), softplus of which is 1.
                "diagonal.bias": constant(0.541_324_85, 2),
                "standardization.theta_scale": constant(1, 2),
                "standardization.theta_shift": constant(0, 2),
                "standardization.x_mean": constant(0, xDim),
                "standardization.x_standard_deviation": constant(1, xDim),
            ]
        )
        let line = (0..<100).flatMap { row in
            (0..<xDim).map { $0 == 0 ? Float(row) / 50 - 1 : 0 }
        }
        let file = ModelFile(
            metadata: ModelMetadata(
                theta: VariableDescription(names: ["a", "b"]),
                x: VariableDescription(shape: xShape),
                dataScale: dataScale
            ),
            posterior: posterior,
            calibration: isCalibrated
                ? ObservationCalibration(of: posterior, training: line, heldOut: line) : nil
        )
        return InMemoryClient(
            service: PosteriorService(
                repository: ModelRepository(models: [
                    .init(name: "linear", version: 1, file: file)
                ]),
                limits: limits
            )
        )
    }
}
