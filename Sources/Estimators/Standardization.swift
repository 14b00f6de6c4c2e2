import Autodiff

/// Z-scoring of theta (in unconstrained space) and of x, from the training rows.
///
///     z = thetaScale ⊙ u + thetaShift;  e = (x − xMean) / xStandardDeviation
///
/// Standard deviations are unbiased (n − 1); a constant feature keeps scale 1. `ZScore` says over
/// what they are taken.
public struct Standardization: Sendable, Equatable {
    /// Scale of each dimension of theta, `[D]`.
    public var thetaScale: [Float]
    /// Shift of each dimension of theta, `[D]`.
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
}

extension Standardization {
    private static let tensorNames = (
        thetaScale: "standardization.theta_scale",
        thetaShift: "standardization.theta_shift",
        xMean: "standardization.x_mean",
        xStandardDeviation: "standardization.x_standard_deviation"
    )

    /// Reads the standardisation of a model file.
    ///
    /// - Throws: `EstimatorError` naming a tensor that is missing, of another shape, or useless.
    init(tensors: [String: Tensor], thetaDim: Int, xDim: Int) throws(EstimatorError) {
        let names = Self.tensorNames
        self.init(
            thetaScale: try tensors.required(names.thetaScale, shape: [thetaDim]).values,
            thetaShift: try tensors.required(names.thetaShift, shape: [thetaDim]).values,
            xMean: try tensors.required(names.xMean, shape: [xDim]).values,
            xStandardDeviation:
                try tensors
                .required(names.xStandardDeviation, shape: [xDim]).values
        )
        try validate()
    }

    /// Refuses scales that are zero or whose inverse is not finite.
    func validate() throws(EstimatorError) {
        let names = Self.tensorNames
        let scales = [
            (names.thetaScale, thetaScale), (names.xStandardDeviation, xStandardDeviation),
        ]
        for (name, values) in scales {
            if let index = values.firstIndex(where: { !($0 > 0) || !(1 / $0).isFinite }) {
                throw .invalidArchitecture(
                    "\(name)[\(index)] is \(values[index]), expected a positive number"
                )
            }
        }
    }

    /// The standardisation as a model file holds it.
    var tensors: [String: Tensor] {
        let names = Self.tensorNames
        return [
            names.thetaScale: Tensor(shape: [thetaScale.count], values: thetaScale),
            names.thetaShift: Tensor(shape: [thetaShift.count], values: thetaShift),
            names.xMean: Tensor(shape: [xMean.count], values: xMean),
            names.xStandardDeviation: Tensor(
                shape: [xStandardDeviation.count],
                values: xStandardDeviation
            ),
        ]
    }
}

// As parts of programs.
extension Standardization {
    /// e = (x − mean) / standard deviation; the mean goes first, since a tiny deviation would
    /// blow up its rounding.
    func appendContext(of x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        let ones = [Float](repeating: 1, count: x.width)
        let zeros = [Float](repeating: 0, count: x.width)
        let centred = program.scaleAndShift(x, scales: ones, shifts: xMean.map { -$0 })
        return program.scaleAndShift(
            centred,
            scales: xStandardDeviation.map { 1 / $0 },
            shifts: zeros
        )
    }

    /// z = scale ⊙ u + shift.
    func appendStandardized(_ u: LaneValue, to program: inout LaneProgram) -> LaneValue {
        program.scaleAndShift(u, scales: thetaScale, shifts: thetaShift)
    }

    /// u = (z − shift) / scale.
    func appendUnstandardized(_ z: LaneValue, to program: inout LaneProgram) -> LaneValue {
        program.scaleAndShift(
            z,
            scales: thetaScale.map { 1 / $0 },
            shifts: zip(thetaScale, thetaShift).map { -$1 / $0 }
        )
    }

    /// Σ log scale, the log-determinant of the standardisation.
    var logDeterminant: Double {
        thetaScale.reduce(0) { $0 + logarithm(Double($1)) }
    }
}
