import Distributions
import Estimators
import Foundation
import Kernels

/// Posteriors of theta ~ N(0, 1), x = gain · theta + noise · η that are right, or wrong on purpose.
enum NormalPosterior {
    static let noise = 0.5

    /// Pairs of parameters and observations.
    static func pairs(
        _ count: Int,
        gains: [Double],
        seed: UInt64 = 5
    ) -> (theta: [Float], x: [Float]) {
        var stream = RandomStream(seed: seed)
        let theta = (0..<(count * gains.count)).map { _ in stream.normal() }
        let x = theta.enumerated().map { place, value in
            gains[place % gains.count] * value + noise * stream.normal()
        }
        return (theta.map(Float.init), x.map(Float.init))
    }

    /// The exact posterior with its standard deviations times `spread` and its means moved by
    /// `shift` of them; two units of relu make a linear function.
    static func linear(
        gains: [Double],
        spread: Double = 1,
        shift: Double = 0
    ) throws -> Posterior {
        let count = gains.count
        let precisions = gains.map { 1 + ($0 / noise) * ($0 / noise) }
        var hidden = [Float](repeating: 0, count: 2 * count * count)
        var means = hidden
        for place in 0..<count {
            hidden[2 * place * count + place] = 1
            hidden[(2 * place + 1) * count + place] = -1
            let slope = Float(gains[place] / (noise * noise) / precisions[place])
            means[place * 2 * count + 2 * place] = slope
            means[place * 2 * count + 2 * place + 1] = -slope
        }
        return try posterior(
            count,
            activation: .relu,
            hidden: hidden,
            biases: Array(repeating: 0, count: 2 * count),
            means: means,
            shifts: precisions.map { Float(shift / $0.squareRoot()) },
            deviations: precisions.map { spread / $0.squareRoot() }
        )
    }

    /// A posterior of one parameter whose mean is a staircase in x: steep steps, flat elsewhere.
    static func staircase() throws -> Posterior {
        let thresholds = stride(from: Float(-4), through: 4, by: 0.25).map { $0 + 0.03 }
        return try posterior(
            1,
            activation: .sigmoid,
            hidden: thresholds.map { _ in 1e4 },
            biases: thresholds.map { -1e4 * $0 },
            means: thresholds.map { _ in 0.25 },
            shifts: [0],
            deviations: [0.1]
        )
    }

    private static func posterior(
        _ count: Int,
        activation: Activation,
        hidden: [Float],
        biases: [Float],
        means: [Float],
        shifts: [Float],
        deviations: [Double]
    ) throws -> Posterior {
        let width = biases.count
        func vector(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], values: values) }
        func matrix(_ rows: Int, _ values: [Float]) -> Tensor {
            Tensor(shape: [rows, values.count / rows], values: values)
        }
        let zeros = [Float](repeating: 0, count: count)
        let ones = [Float](repeating: 1, count: count)
        return try Posterior(
            architecture: .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: 1,
                    hiddenFeatures: width,
                    hiddenLayers: 1,
                    diagonalFloor: 0,
                    covariance: .diagonal,
                    activation: activation
                )
            ),
            prior: .diagonalNormal(
                mean: zeros.map(Double.init),
                standardDeviation: ones.map(Double.init)
            ),
            thetaDim: count,
            xDim: count,
            tensors: [
                "hidden.0.weight": matrix(width, hidden),
                "hidden.0.bias": vector(biases),
                "logits.weight": matrix(1, Array(repeating: 0, count: width)),
                "logits.bias": vector([0]),
                "means.weight": matrix(count, means),
                "means.bias": vector(shifts),
                "diagonal.weight": matrix(count, Array(repeating: 0, count: count * width)),
                // The inverse of softplus.
                "diagonal.bias": vector(deviations.map { Float(log(expm1(1 / $0))) }),
                "standardization.theta_scale": vector(ones),
                "standardization.theta_shift": vector(zeros),
                "standardization.x_mean": vector(zeros),
                "standardization.x_standard_deviation": vector(ones),
            ]
        )
    }
}
