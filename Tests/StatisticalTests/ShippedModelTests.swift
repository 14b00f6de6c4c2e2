import Distributions
import Estimators
import Foundation
import Kernels
import ModelStore
import Simulators
import Testing

/// The models in `models/`, held to what the README says of them.
@Suite struct ShippedModelTests {
    private static func posterior(_ name: String) throws -> Posterior {
        let models = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../models").standardizedFileURL.path()
        let repository = try ModelRepository(scanning: models)
        #expect(repository.refusals.isEmpty)
        return try #require(repository.models.first { $0.name == name }).file.posterior
    }

    @Test func `the linear Gaussian model is close to the analytic posterior`() throws {
        let posterior = try Self.posterior("linear_gaussian")
        let reference = LinearGaussianPosterior()
        let deviation = reference.variance.map { $0.squareRoot() }
        let simulations = try BenchmarkTask.linearGaussian.simulate(rows: 0..<100, seed: 987_654)
        let draws = posterior.sample(count: 10_000, given: simulations.x, seed: 1, workers: 2)
        var means: [Double] = []
        var deviations: [Double] = []
        var differences: [Double] = []
        for row in 0..<100 {
            let x = Array(simulations.x[(row * 10)..<((row + 1) * 10)])
            let own = Array(draws.theta[(row * 100_000)..<((row + 1) * 100_000)])
            let mean = reference.mean(given: x.map(Double.init))
            let moments = PosteriorMoments(draws: own, mean: mean, deviation: deviation)
            means += moments.meanErrors
            deviations += moments.deviationErrors.map(abs)
            let theta = Array(own.prefix(1000))
            let exact = try reference.posterior(given: x.map(Double.init))
            for (place, logProb) in posterior.logProb(theta, given: x).enumerated() {
                let value = theta[(place * 10)..<(place * 10 + 10)].map(Double.init)
                differences.append(abs(Double(logProb) - exact.logDensity(of: value)))
            }
        }
        #expect(rootMeanSquare(means) < 0.12)
        #expect(median(deviations) < 0.05)
        #expect(differences.reduce(0, +) / Double(differences.count) < 0.3)
    }

    /// KL(exact ‖ served) by draws from the exact posterior, averaged over the ten observations.
    ///
    /// A C2ST of 0.56 went with 0.3 nats; a posterior with one moon has an infinite divergence and
    /// one that blurs the crescents to twice their width 0.7.
    @Test func `the two moons model is close to the exact posterior`() throws {
        let posterior = try Self.posterior("two_moons")
        let task = BenchmarkTask.twoMoons
        let reference = try #require(task.reference)
        var divergences: [Double] = []
        for (index, x) in task.referenceObservations.enumerated() {
            let exact = try reference.posterior(given: x.map(Double.init))
            var stream = RandomStream(seed: 77, stream: UInt64(index))
            let draws = (0..<2000).map { _ in exact.sample(using: &stream) }
            let served = posterior.logProb(draws.flatMap { $0.map(Float.init) }, given: x)
            let gaps = zip(draws, served).map { exact.logDensity(of: $0) - Double($1) }
            divergences.append(gaps.reduce(0, +) / Double(gaps.count))
        }
        #expect(divergences.reduce(0, +) / Double(divergences.count) < 0.5)
    }
}
