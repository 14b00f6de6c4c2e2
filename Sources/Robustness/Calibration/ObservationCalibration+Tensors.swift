public import Estimators

/// Why tensors are no calibration.
public struct CalibrationTensorError: Error, Equatable {
    /// The tensor that is missing or wrong.
    public let tensor: String
    /// What is wrong with it.
    public let reason: String
}

// In model files.
extension ObservationCalibration {
    /// What the names of all its tensors begin with.
    public static let tensorPrefix = "calibration."

    private enum TensorName {
        static let center = "calibration.x_center"
        static let directions = "calibration.x_directions"
        static let variances = "calibration.x_variances"
        static let residualVariance = "calibration.x_residual_variance"
        static let distances = "calibration.distances"
        static let fisherTraces = "calibration.fisher_traces"
    }

    /// The tensors of a model file.
    public var tensors: [String: Tensor] {
        let width = distance.trialWidth
        let directions = Tensor(
            shape: [distance.variances.count, width],
            values: distance.directions
        )
        let lists = [
            TensorName.center: distance.center, TensorName.variances: distance.variances,
            TensorName.residualVariance: [distance.residualVariance],
            TensorName.distances: distances, TensorName.fisherTraces: fisherTraces,
        ]
        return lists.mapValues { Tensor(shape: [$0.count], values: $0) }
            .merging([TensorName.directions: directions]) { first, _ in first }
    }

    /// Reads and checks the tensors of a model file.
    ///
    /// - Parameters:
    ///   - tensors: All that begin with the prefix, finite.
    ///   - posterior: Whose observations it is about.
    ///   - fisherDraws: Draws that each trace was estimated from.
    /// - Throws: `CalibrationTensorError` naming a tensor that is missing, unknown or useless.
    public init(
        tensors: [String: Tensor],
        posterior: Posterior,
        fisherDraws: Int
    ) throws(CalibrationTensorError) {
        var rest = tensors
        func take(_ name: String, axes: Int = 1) throws(CalibrationTensorError) -> Tensor {
            guard let tensor = rest.removeValue(forKey: name) else {
                throw CalibrationTensorError(tensor: name, reason: "is missing")
            }
            guard tensor.shape.count == axes, !tensor.values.isEmpty else {
                throw CalibrationTensorError(
                    tensor: name,
                    reason: "has shape \(tensor.shape), expected \(axes) axes and a value"
                )
            }
            return tensor
        }
        func require(
            _ condition: Bool,
            _ name: String,
            _ reason: @autoclosure () -> String
        ) throws(CalibrationTensorError) {
            guard condition else { throw CalibrationTensorError(tensor: name, reason: reason()) }
        }
        let center = try take(TensorName.center).values
        try require(
            center.count == Self.trialWidth(of: posterior),
            TensorName.center,
            "has \(center.count) values, expected \(Self.trialWidth(of: posterior))"
        )
        let variances = try take(TensorName.variances).values
        let directions = try take(TensorName.directions, axes: 2)
        try require(
            directions.shape == [variances.count, center.count],
            TensorName.directions,
            "has shape \(directions.shape), expected \([variances.count, center.count])"
        )
        let residual = try take(TensorName.residualVariance).values
        try require(
            residual.count == 1,
            TensorName.residualVariance,
            "has \(residual.count) values, expected 1"
        )
        for (name, values) in [
            (TensorName.variances, variances), (TensorName.residualVariance, residual),
        ] {
            try require(values.allSatisfy { $0 > 0 }, name, "expected positive numbers")
        }
        let distances = try take(TensorName.distances).values
        let traces = try take(TensorName.fisherTraces).values
        for (name, values) in [
            (TensorName.distances, distances), (TensorName.fisherTraces, traces),
        ] {
            try require(
                values[0] >= 0 && zip(values, values.dropFirst()).allSatisfy { $0 <= $1 },
                name,
                "expected numbers from 0 upward, none below the one before"
            )
        }
        if let name = rest.keys.min() {
            throw CalibrationTensorError(tensor: name, reason: "is not known")
        }
        self.init(
            distance: ObservationDistance(
                center: center,
                directions: directions.values,
                variances: variances,
                residualVariance: residual[0]
            ),
            distances: distances,
            fisherTraces: traces,
            fisherDraws: fisherDraws
        )
    }
}
