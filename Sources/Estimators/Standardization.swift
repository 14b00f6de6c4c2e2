import Autodiff

/// How theta is standardised; the two forms round differently, so a model keeps its own.
public enum ThetaStandardization: Sendable, Equatable {
    /// z = scale ⊙ u + shift, each `[D]`.
    case affine(scale: [Float], shift: [Float])
    /// z = (u − mean) / standardDeviation, each `[D]`.
    case centred(mean: [Float], standardDeviation: [Float])

    /// The names of the forms in a model file.
    public enum Kind: String, Sendable, CaseIterable {
        /// A scale and a shift.
        case affine
        /// A mean and a standard deviation.
        case centred
    }

    /// Which form this is.
    public var kind: Kind {
        switch self {
        case .affine: .affine
        case .centred: .centred
        }
    }
}

/// Z-scoring of theta (in unconstrained space) and of x, from the training rows.
///
///     z = thetaScale ⊙ u + thetaShift;  e = (x − xMean) / xStandardDeviation
///
/// Standard deviations are unbiased (n − 1); a constant feature keeps scale 1. `ZScore` says over
/// what they are taken.
public struct Standardization: Sendable, Equatable {
    /// What is done to theta.
    public var theta: ThetaStandardization
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
        self.init(
            theta: .affine(scale: thetaScale, shift: thetaShift),
            xMean: xMean,
            xStandardDeviation: xStandardDeviation
        )
    }

    /// Makes a standardisation from its parts.
    public init(theta: ThetaStandardization, xMean: [Float], xStandardDeviation: [Float]) {
        self.theta = theta
        self.xMean = xMean
        self.xStandardDeviation = xStandardDeviation
    }

    /// Scale of each dimension of theta, `[D]`.
    public var thetaScale: [Float] {
        switch theta {
        case .affine(let scale, _): scale
        case .centred(_, let standardDeviation): standardDeviation.map { 1 / $0 }
        }
    }

    /// Shift of each dimension of theta, `[D]`.
    public var thetaShift: [Float] {
        switch theta {
        case .affine(_, let shift): shift
        case .centred(let mean, let standardDeviation):
            zip(mean, standardDeviation).map { -$0 / $1 }
        }
    }
}

extension Standardization {
    /// The names of the tensors in a model file.
    private enum TensorName {
        static let thetaScale = "standardization.theta_scale"
        static let thetaShift = "standardization.theta_shift"
        static let thetaMean = "standardization.theta_mean"
        static let thetaStandardDeviation = "standardization.theta_standard_deviation"
        static let xMean = "standardization.x_mean"
        static let xStandardDeviation = "standardization.x_standard_deviation"
    }

    /// Reads the standardisation of a model file.
    ///
    /// - Throws: `EstimatorError` naming a tensor that is missing, of another shape, or useless.
    init(
        tensors: [String: Tensor],
        thetaKind: ThetaStandardization.Kind = .affine,
        thetaDim: Int,
        xDim: Int
    ) throws(EstimatorError) {
        switch thetaKind {
        case .affine:
            theta = .affine(
                scale: try tensors.required(TensorName.thetaScale, shape: [thetaDim]).values,
                shift: try tensors.required(TensorName.thetaShift, shape: [thetaDim]).values
            )
        case .centred:
            theta = .centred(
                mean: try tensors.required(TensorName.thetaMean, shape: [thetaDim]).values,
                standardDeviation: try tensors.required(
                    TensorName.thetaStandardDeviation,
                    shape: [thetaDim]
                ).values
            )
        }
        xMean = try tensors.required(TensorName.xMean, shape: [xDim]).values
        xStandardDeviation =
            try tensors.required(TensorName.xStandardDeviation, shape: [xDim]).values
        try validate()
    }

    /// Refuses scales that are zero or whose inverse is not finite.
    func validate() throws(EstimatorError) {
        let thetaScales =
            switch theta {
            case .affine(let scale, _): (TensorName.thetaScale, scale)
            case .centred(_, let standardDeviation):
                (TensorName.thetaStandardDeviation, standardDeviation)
            }
        for (name, values) in [thetaScales, (TensorName.xStandardDeviation, xStandardDeviation)] {
            if let index = values.firstIndex(where: { !($0 > 0) || !(1 / $0).isFinite }) {
                throw .invalidArchitecture(
                    "\(name)[\(index)] is \(values[index]), expected a positive number"
                )
            }
        }
    }

    /// The standardisation as a model file holds it.
    var tensors: [String: Tensor] {
        var vectors = [
            TensorName.xMean: xMean, TensorName.xStandardDeviation: xStandardDeviation,
        ]
        switch theta {
        case .affine(let scale, let shift):
            vectors[TensorName.thetaScale] = scale
            vectors[TensorName.thetaShift] = shift
        case .centred(let mean, let standardDeviation):
            vectors[TensorName.thetaMean] = mean
            vectors[TensorName.thetaStandardDeviation] = standardDeviation
        }
        return vectors.mapValues { Tensor(shape: [$0.count], values: $0) }
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

    /// z = scale ⊙ u + shift, or z = (u − mean) / standard deviation.
    func appendStandardized(_ u: LaneValue, to program: inout LaneProgram) -> LaneValue {
        switch theta {
        case .affine(let scale, let shift):
            return program.scaleAndShift(u, scales: scale, shifts: shift)
        case .centred(let mean, let standardDeviation):
            let ones = [Float](repeating: 1, count: mean.count)
            let zeros = [Float](repeating: 0, count: mean.count)
            let centred = program.scaleAndShift(u, scales: ones, shifts: mean.map { -$0 })
            return program.scaleAndShift(
                centred,
                scales: standardDeviation.map { 1 / $0 },
                shifts: zeros
            )
        }
    }

    /// The inverse of `appendStandardized`.
    func appendUnstandardized(_ z: LaneValue, to program: inout LaneProgram) -> LaneValue {
        switch theta {
        case .affine(let scale, let shift):
            program.scaleAndShift(
                z,
                scales: scale.map { 1 / $0 },
                shifts: zip(scale, shift).map { -$1 / $0 }
            )
        case .centred(let mean, let standardDeviation):
            program.scaleAndShift(z, scales: standardDeviation, shifts: mean)
        }
    }

    /// Σ log│∂z/∂u│, the log-determinant of the standardisation.
    var logDeterminant: Double {
        switch theta {
        case .affine(let scale, _): scale.reduce(0) { $0 + logarithm(Double($1)) }
        case .centred(_, let standardDeviation):
            standardDeviation.reduce(0) { $0 - logarithm(Double($1)) }
        }
    }
}
