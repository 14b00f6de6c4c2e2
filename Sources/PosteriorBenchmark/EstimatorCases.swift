import Distributions
import Estimators
import Kernels
import Robustness
import Simulators
import Training

/// Samples, log densities and training steps of the estimators.
enum EstimatorCases {
    private static let dimension = 10
    private static let rows = 1000
    private static let prior = DistributionDescription.diagonalNormal(
        mean: Array(repeating: 0, count: dimension),
        standardDeviation: Array(repeating: 1, count: dimension)
    )

    static func all(workers: Int) throws -> [BenchmarkCase] {
        let architectures: [(String, EstimatorArchitecture)] = [
            ("maf", .maskedAutoregressiveFlow(thetaDim: dimension, seed: 1)),
            ("nsf", .neuralSplineFlow(thetaDim: dimension, seed: 1)),
            ("nsf-coupling", .couplingSplineFlow(thetaDim: dimension)),
            ("mdn", .mixtureDensityNetwork()),
            ("made", .mixtureMADE(MixtureMADEArchitecture(thetaDim: dimension))),
            ("gaussian", .mixtureDensityNetwork(components: 1)),
            ("gaussian-diagonal", diagonalNormal),
            (
                "ensemble",
                .ensemble(
                    (1...3).map { seed in
                        EnsembleMember(
                            estimator: .maskedAutoregressiveFlow(thetaDim: dimension, seed: seed)
                        )
                    }
                )
            ),
        ]
        return try architectures.flatMap { name, architecture in
            let estimator = try architecture.trainable(
                prior: prior,
                standardization: Standardization(
                    thetaScale: Array(repeating: 1, count: dimension),
                    thetaShift: Array(repeating: 0, count: dimension),
                    xMean: Array(repeating: 0, count: dimension),
                    xStandardDeviation: Array(repeating: 1, count: dimension)
                )
            )
            return try serving(name, estimator, workers)
                + [fisherInformation(name, estimator, workers)]
                + training(name, estimator, workers)
                + (name == "maf" ? [fisherStep(name, estimator, workers)] : [])
        }
    }

    /// One normal whose parameters are independent.
    private static var diagonalNormal: EstimatorArchitecture {
        .mixtureDensityNetwork(
            MixtureDensityNetworkArchitecture(
                components: 1,
                hiddenFeatures: 50,
                hiddenLayers: 2,
                diagonalFloor: 1e-4,
                covariance: .diagonal
            )
        )
    }

    /// Standard normals, `[rows, dimension]`.
    private static func table(_ rows: Int, seed: UInt64) -> [Float] {
        var stream = RandomStream(seed: seed)
        return (0..<(rows * dimension)).map { _ in Float(stream.normal()) }
    }

    private static func serving(
        _ name: String,
        _ estimator: any TrainableDensityEstimator,
        _ workers: Int
    ) throws -> [BenchmarkCase] {
        let posterior = try estimator.posterior(parameters: estimator.initialParameters(seed: 1))
        let sizes = [(1, 1), (1, 100), (1, 1000), (1, 10_000), (1000, 1)]
        return sizes.flatMap { observations, draws in
            let x = table(observations, seed: 2)
            let theta = table(observations * draws, seed: 3)
            return [
                BenchmarkCase(name: "\(name)/sample/\(observations)x\(draws)") {
                    consume(
                        posterior.sample(count: draws, given: x, seed: 1, workers: workers).theta
                    )
                },
                BenchmarkCase(name: "\(name)/log_prob/\(observations)x\(draws)") {
                    consume(posterior.logProb(theta, given: x, workers: workers))
                },
            ]
        }
    }

    /// The Fisher information of an observation: its trace, largest eigenvalue and direction.
    private static func fisherInformation(
        _ name: String,
        _ estimator: any TrainableDensityEstimator,
        _ workers: Int
    ) throws -> BenchmarkCase {
        let posterior = try estimator.posterior(parameters: estimator.initialParameters(seed: 1))
        var fisher = FisherEstimator(posterior)
        fisher.draws = 1000
        fisher.workers = workers
        let x = table(1, seed: 2)
        return BenchmarkCase(name: "\(name)/fisher/1x1000") {
            consume([Float(fisher.estimate(at: x).trace.mean)])
        }
    }

    private static func fisherStep(
        _ name: String,
        _ estimator: any TrainableDensityEstimator,
        _ workers: Int
    ) throws -> BenchmarkCase {
        let count = 512
        let theta = table(count, seed: 4)
        let x = table(count, seed: 5)
        let data = try SimulationSet(
            Simulations(theta: theta, x: x, thetaDim: dimension, xDim: dimension),
            prior: prior
        )
        return try DefenseCases.fisherStep(
            name,
            estimator,
            batch: SimulationSet.Batch(theta: theta, x: x, rows: Array(0..<count)[...]),
            of: data,
            workers: workers
        )
    }

    private static func training(
        _ name: String,
        _ estimator: any TrainableDensityEstimator,
        _ workers: Int
    ) -> [BenchmarkCase] {
        [200, 512].map { batch in
            let theta = table(batch, seed: 4)
            let x = table(batch, seed: 5)
            let order = Array(0..<batch)
            var step = TrainingStep(estimator, workers: workers)
            return BenchmarkCase(name: "\(name)/train_step/batch\(batch)") {
                step.run(theta: theta, x: x, rows: order[...])
            }
        }
    }
}

/// Keeps a result from being optimised away.
@inline(never)
func consume(_ values: [Float]) {
    precondition(values.first.map { !$0.isNaN } ?? true, "a benchmark computed NaN")
}
