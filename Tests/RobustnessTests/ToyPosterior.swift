import Distributions
import Estimators
import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Posteriors whose divergences and Fisher information are known or easy to differentiate.
enum ToyPosterior {
    /// The gains of the linear Gaussian task, section 2.2 of the benchmark.
    static let gains = [
        -0.2633, -1.9402, 1.6822, -0.29684, -0.031292, -1.0250, 0.056811, 0.29649, 1.2073, -1.7704,
    ]

    /// The exact posterior of theta ~ N(0, 1), x = gain · theta + noise · η, as a network.
    ///
    /// It is normal with precision 1 + (gain / noise)² and a mean that is linear in x; two units
    /// of relu make a linear function.
    static func linearNormal(gains: [Double] = gains, noise: Double = 0.1) throws -> Posterior {
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
        let zeros = [Float](repeating: 0, count: count)
        let ones = [Float](repeating: 1, count: count)
        let wide = [Float](repeating: 0, count: 2 * count)
        let diagonal = precisions.map { Float(log(expm1($0.squareRoot()))) }
        func matrix(_ rows: Int, _ columns: Int, _ values: [Float]) -> Tensor {
            Tensor(shape: [rows, columns], values: values)
        }
        func vector(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], values: values) }
        return try Posterior(
            architecture: .mixtureDensityNetwork(
                MixtureDensityNetworkArchitecture(
                    components: 1,
                    hiddenFeatures: 2 * count,
                    hiddenLayers: 1,
                    diagonalFloor: 0,
                    covariance: .diagonal
                )
            ),
            prior: .diagonalNormal(
                mean: gains.map { _ in 0 },
                standardDeviation: gains.map { _ in 1 }
            ),
            thetaDim: count,
            xDim: count,
            tensors: [
                "hidden.0.weight": matrix(2 * count, count, hidden),
                "hidden.0.bias": vector(wide),
                "logits.weight": matrix(1, 2 * count, wide),
                "logits.bias": vector([0]),
                "means.weight": matrix(count, 2 * count, means),
                "means.bias": vector(zeros),
                "diagonal.weight": matrix(
                    count,
                    2 * count,
                    Array(repeating: 0, count: 2 * count * count)
                ),
                "diagonal.bias": vector(diagonal),
                "standardization.theta_scale": vector(ones),
                "standardization.theta_shift": vector(zeros),
                "standardization.x_mean": vector(zeros),
                "standardization.x_standard_deviation": vector(ones),
            ]
        )
    }

    /// A posterior of this structure with random weights, far from the initial ones.
    static func random(
        _ architecture: EstimatorArchitecture,
        thetaDim: Int,
        xDim: Int,
        embedding: EmbeddingArchitecture? = nil,
        scale: Float = 0.3,
        seed: UInt64 = 1
    ) throws -> Posterior {
        var stream = RandomStream(seed: seed, stream: 9)
        let estimator = try architecture.trainable(
            embedding: embedding,
            prior: .diagonalNormal(
                mean: Array(repeating: 0, count: thetaDim),
                standardDeviation: Array(repeating: 1, count: thetaDim)
            ),
            standardization: Standardization(
                thetaScale: (0..<thetaDim).map { 1 + 0.1 * Float($0) },
                thetaShift: Array(repeating: 0.2, count: thetaDim),
                xMean: Array(repeating: 0.1, count: xDim),
                xStandardDeviation: (0..<xDim).map { 0.8 + 0.3 * Float($0 % 3) }
            )
        )
        let parameters = estimator.initialParameters(seed: seed).map {
            $0 == 0 ? 0 : $0 + scale * Float(stream.normal())
        }
        return try estimator.posterior(parameters: parameters)
    }

    /// One of each family, of two or three parameters and four entries of x.
    static let families: [(name: String, architecture: EstimatorArchitecture)] = [
        ("gaussian", .mixtureDensityNetwork(components: 1, hiddenFeatures: 8)),
        ("mdn", .mixtureDensityNetwork(components: 3, hiddenFeatures: 8)),
        ("maf", .maskedAutoregressiveFlow(thetaDim: 3, hiddenFeatures: 9, seed: 1)),
        (
            "nsf",
            .neuralSplineFlow(thetaDim: 3, hiddenFeatures: 9, transformCount: 2, bins: 5, seed: 1)
        ),
        ("coupling", .couplingSplineFlow(thetaDim: 3, hiddenFeatures: 9, transformCount: 2)),
        (
            "ensemble",
            .ensemble([
                EnsembleMember(
                    estimator: .maskedAutoregressiveFlow(thetaDim: 3, hiddenFeatures: 9, seed: 1)
                ),
                EnsembleMember(
                    estimator: .mixtureDensityNetwork(components: 2, hiddenFeatures: 8)
                ),
            ])
        ),
    ]

    /// The random posterior of a family.
    static func family(_ name: String) throws -> Posterior {
        guard let family = families.first(where: { $0.name == name }) else {
            preconditionFailure("no family \(name)")
        }
        return try random(family.architecture, thetaDim: 3, xDim: 4)
    }

    /// Random observations, `[B, L]`.
    static func observations(_ count: Int, xDim: Int, seed: UInt64 = 3) -> [Float] {
        var stream = RandomStream(seed: seed)
        return (0..<(count * xDim)).map { _ in Float(stream.normal()) }
    }
}
