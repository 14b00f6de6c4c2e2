import Distributions
import Kernels
import Simulators
import Testing

@Suite struct LinearGaussianTests {
    @Test func `the posterior is that of dense linear algebra`() throws {
        let golden = linearGaussianMoments
        let posterior = try LinearGaussianPosterior().posterior(given: golden.observation)
        for index in 0..<10 {
            #expect(abs(posterior.mean[index] - golden.mean[index]) < 1e-12)
            #expect(
                abs(posterior.standardDeviation[index] - golden.standardDeviation[index]) < 1e-13
            )
        }
        let logDensity = posterior.logDensity(of: linearGaussianTheta)
        #expect(abs(logDensity - linearGaussianLogDensity) < 1e-10)
    }

    @Test func `the standard deviations and the optimal loss are the published ones`() throws {
        let published = [
            0.355, 0.0515, 0.0593, 0.319, 0.954, 0.0971, 0.870, 0.320, 0.0825, 0.0564,
        ]
        let posterior = LinearGaussianPosterior()
        for (variance, published) in zip(posterior.variance, published) {
            #expect(abs(variance.squareRoot() / published - 1) < 2e-3)
        }
        let optimum = try #require(posterior.optimalLoss)
        #expect(abs(optimum - -2.808) < 5e-4)
        #expect(abs(optimum - linearGaussianOptimalLoss) < 1e-12)
    }

    @Test func `x given theta has the stated mean and noise`() {
        let theta = (0..<10).map { Double($0) / 3 - 1 }
        var sums = Array(repeating: 0.0, count: 10)
        var squares = Array(repeating: 0.0, count: 10)
        let count = 20_000
        for row in 0..<count {
            var stream = RandomStream(seed: 41, stream: UInt64(row))
            let x = LinearGaussian().simulate(theta, using: &stream)
            for index in 0..<10 {
                let noise = x[index] - LinearGaussian.gains[index] * theta[index]
                sums[index] += noise
                squares[index] += noise * noise
            }
        }
        for index in 0..<10 {
            // Five standard errors.
            #expect(abs(sums[index] / Double(count)) < 5 * 0.1 / 141)
            #expect(abs(squares[index] / Double(count) / 0.01 - 1) < 5 * 0.01)
        }
    }

    /// The mean over x of the standard deviation across its entries; published as 1.0627.
    @Test func `the data scale is the published one`() throws {
        let rows = try BenchmarkTask.linearGaussian.simulate(rows: 0..<10_000, seed: 42)
        var sum = 0.0
        for row in 0..<rows.count {
            let x = rows.x[row * 10..<(row + 1) * 10].map(Double.init)
            let mean = x.reduce(0, +) / 10
            sum += (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9).squareRoot()
        }
        #expect(abs(sum / Double(rows.count) / 1.0627 - 1) < 0.02)
    }

    @Test func `an observation that is not finite has no posterior`() {
        var observation = linearGaussianMoments.observation
        observation[3] = .nan
        #expect(throws: DistributionError.self) {
            _ = try LinearGaussianPosterior().posterior(given: observation)
        }
    }
}
