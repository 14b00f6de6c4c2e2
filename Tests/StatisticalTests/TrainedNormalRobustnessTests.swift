import Estimators
import Robustness
import Simulators
import Testing
import Training

/// A normal trained on the linear Gaussian task, whose exact Fisher information is known:
/// tr I = 797.75 and λmax = 99.735 (Glöckler et al. 2023).
@Suite struct TrainedNormalRobustnessTests {
    private static let posterior = Result { () throws -> Posterior in
        let task = BenchmarkTask.linearGaussian
        var configuration = TrainingConfiguration(seed: 1)
        configuration.epochs = 40
        let data = try SimulationSet(
            task.simulate(rows: 0..<100_000, seed: 21, workers: 2),
            prior: task.prior
        )
        let architecture = MixtureDensityNetworkArchitecture(
            components: 1,
            hiddenFeatures: 100,
            hiddenLayers: 1,
            diagonalFloor: 1e-4,
            activation: .silu
        )
        return try Trainer(configuration: configuration, workers: 2)
            .train(.mixtureDensityNetwork(architecture), on: data).posterior
    }

    private static func observations(_ count: Int) throws -> [Float] {
        try BenchmarkTask.linearGaussian.simulate(rows: 0..<count, seed: 22, workers: 2).x
    }

    @Test func `its Fisher information is that of the exact posterior within 5 %`() throws {
        let estimator = FisherEstimator(try Self.posterior.get())
        let found = estimator.estimates(at: try Self.observations(100))
        let trace = found.reduce(0) { $0 + $1.trace.mean } / 100
        let largest = found.reduce(0) { $0 + $1.largestEigenvalue.mean } / 100
        #expect(abs(trace / 797.75 - 1) < 0.05)
        #expect(abs(largest / 99.735 - 1) < 0.05)
    }

    @Test func `draws agree with the closed form at a thousand observations`() throws {
        var estimator = FisherEstimator(try Self.posterior.get())
        let x = try Self.observations(1000)
        let exact = estimator.estimates(at: x)
        estimator.alwaysDraws = true
        estimator.draws = 1000
        estimator.workers = 2
        let near = zip(exact, estimator.estimates(at: x)).count { exact, drawn in
            // What single precision leaves is not chance.
            abs(exact.trace.mean - drawn.trace.mean)
                <= 3 * drawn.trace.standardError + 1e-5 * exact.trace.mean
        }
        #expect(near >= 990)
    }

    @Test(arguments: [0.1, 0.2, 0.3, 0.5, 1, 2])
    func `projected ascent finds what the top eigenvector does`(_ epsilon: Double) throws {
        let attacker = Attacker(try Self.posterior.get())
        let count = 50
        let x = try Self.observations(count)
        let radii = [Double](repeating: epsilon * 1.0627, count: count)
        var attack = Attack()
        attack.evaluationDraws = 1000
        attack.workers = 2
        let climbed = try attacker.outcomes(of: attack, on: x, radii: radii)
        attack.method = .eigenvector
        let stepped = try attacker.outcomes(of: attack, on: x, radii: radii)
        func mean(_ outcomes: [AttackOutcome]) -> Double {
            outcomes.reduce(0) { $0 + $1.klCleanAttacked.mean } / Double(count)
        }
        #expect(mean(climbed) >= 0.97 * mean(stepped))
    }
}
