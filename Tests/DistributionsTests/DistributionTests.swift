import Distributions
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct DistributionTests {
    @Test(arguments: goldenDistributions)
    func `log densities are scipy's`(golden: GoldenDistribution) throws {
        let distribution = try golden.description.makeDistribution()
        for density in golden.densities {
            let found = distribution.logDensity(of: density.theta)
            let tolerance = 1e-12 * max(1, abs(density.logDensity))
            #expect(abs(found - density.logDensity) <= tolerance, "at \(density.theta)")
        }
    }

    @Test(arguments: goldenDistributions)
    func `draws have the stated mean and variance`(golden: GoldenDistribution) throws {
        let distribution = try golden.description.makeDistribution()
        var stream = RandomStream(seed: 21)
        let count = 40_000
        let draws = (0..<count).map { _ in distribution.sample(using: &stream) }
        for index in 0..<distribution.dimension {
            let values = SampleStatistics(draws.map { $0[index] })
            let deviation = distribution.standardDeviation[index]
            // Five standard errors; a log-normal's fourth moment makes its variance noisy.
            #expect(
                abs(values.mean - distribution.mean[index])
                    < 5 * deviation / Double(count).squareRoot()
            )
            #expect(abs(values.variance / (deviation * deviation) - 1) < 0.25)
        }
    }

    @Test(arguments: goldenDistributions)
    func `draws lie in the support and are a function of the stream`(
        golden: GoldenDistribution
    ) throws {
        let distribution = try golden.description.makeDistribution()
        #expect(distribution.dimension == golden.description.dimension)
        #expect(distribution.supportTransforms == golden.description.supportTransforms)
        for index in UInt64(0)..<100 {
            var first = RandomStream(seed: 22, stream: index)
            var second = first
            let theta = distribution.sample(using: &first)
            #expect(distribution.contains(theta))
            #expect(distribution.sample(using: &second) == theta)
            let single = distribution.sampleSinglePrecision(using: &second)
            #expect(
                zip(distribution.supportTransforms, single).allSatisfy { $0.contains(Double($1)) }
            )
        }
    }

    @Test(arguments: goldenDistributions)
    func `a theta with a NaN has no density`(golden: GoldenDistribution) throws {
        let distribution = try golden.description.makeDistribution()
        for index in 0..<distribution.dimension {
            var theta = distribution.mean
            theta[index] = .nan
            #expect(distribution.logDensity(of: theta).isNaN)
            #expect(!distribution.contains(theta))
        }
    }

    @Test(arguments: [
        DistributionDescription.diagonalNormal(mean: [0.7], standardDeviation: [0.4]),
        .multivariateNormal(mean: [-0.3], covariance: [0.25]),
        .boxUniform(lower: [-1.5], upper: [2.5]),
        .logNormal(logMean: [0.1], logStandardDeviation: [0.6]),
        .truncatedNormal(mean: [0], standardDeviation: [1], lower: [-0.5], upper: [2]),
        .truncatedNormal(mean: [1], standardDeviation: [2], lower: [3], upper: [.infinity]),
        .truncatedNormal(mean: [1], standardDeviation: [2], lower: [-.infinity], upper: [-8]),
        .logUniform(lower: [0.01], upper: [10]),
        .gamma(shape: [0.8], rate: [3]),
        .gamma(shape: [12], rate: [0.1]),
        .beta(alpha: [0.7], beta: [4], lower: [-1], upper: [3]),
        .exponential(rate: [0.3]),
    ])
    func `a density of one dimension integrates to one`(
        description: DistributionDescription
    ) throws {
        let distribution = try description.makeDistribution()
        // Midpoints in unconstrained space, ∫ p(θ(u)) |∂θ/∂u| du.
        let transform = distribution.supportTransforms[0]
        let width = 80.0 / 80_000
        let mass = (0..<80_000).reduce(0.0) { sum, index in
            let u = -40 + (Double(index) + 0.5) * width
            let logTerm =
                distribution.logDensity(of: [transform.toSupport(u)])
                + transform.toSupportLogDerivative(u)
            return sum + width * exp(logTerm)
        }
        #expect(abs(mass - 1) < 1e-9)
    }

    @Test(arguments: [
        DistributionDescription.multivariateNormal(
            mean: [0.5, -0.5],
            covariance: [1.0, 0.6, 0.6, 0.5]
        ),
        .diagonalNormal(mean: [0, 1], standardDeviation: [0.5, 1.5]),
        .product([
            .boxUniform(lower: [0], upper: [3]),
            .logNormal(logMean: [0], logStandardDeviation: [0.5]),
        ]),
    ])
    func `a density of two dimensions integrates to one`(
        description: DistributionDescription
    ) throws {
        let distribution = try description.makeDistribution()
        let transforms = distribution.supportTransforms
        let count = 600
        let width = 40.0 / Double(count)
        var mass = 0.0
        for row in 0..<count {
            let u = -20 + (Double(row) + 0.5) * width
            for column in 0..<count {
                let v = -20 + (Double(column) + 0.5) * width
                let theta = [transforms[0].toSupport(u), transforms[1].toSupport(v)]
                let logTerm =
                    distribution.logDensity(of: theta)
                    + transforms[0].toSupportLogDerivative(u)
                    + transforms[1].toSupportLogDerivative(v)
                mass += width * width * exp(logTerm)
            }
        }
        #expect(abs(mass - 1) < 1e-6)
    }

    @Test func `correlated draws have the stated covariance`() throws {
        let normal = try MultivariateNormal(mean: [1, 2], covariance: [4.0, -1.5, -1.5, 1.0])
        var stream = RandomStream(seed: 23)
        let count = 100_000
        var product = 0.0
        for _ in 0..<count {
            let theta = normal.sample(using: &stream)
            product += (theta[0] - 1) * (theta[1] - 2)
        }
        // Var(ab) = σ₁²σ₂² + cov²; five standard errors.
        let bound = 5 * ((4 + 1.5 * 1.5) / Double(count)).squareRoot()
        #expect(abs(product / Double(count) + 1.5) < bound)
    }

    @Test func `the density is zero outside the support`() throws {
        let box = try BoxUniform(lower: [-1, 0], upper: [1, 2])
        #expect(box.logDensity(of: [1, 2]) == -log(4.0))
        #expect(box.logDensity(of: [1 + 0x1p-52, 2]) == -.infinity)
        #expect(box.logDensity(of: [0, -0x1p-1060]) == -.infinity)
        let positive = try LogNormal(logMean: [0, 0], logStandardDeviation: [1, 1])
        #expect(positive.logDensity(of: [1, 0]) == -.infinity)
        #expect(positive.logDensity(of: [-1, 1]) == -.infinity)
        #expect(positive.logDensity(of: [.infinity, 1]) == -.infinity)
        let half = try TruncatedNormal(
            mean: [0],
            standardDeviation: [1],
            lower: [0],
            upper: [.infinity]
        )
        #expect(half.contains([0]))
        #expect(half.logDensity(of: [-0x1p-1060]) == -.infinity)
        #expect(half.logDensity(of: [.infinity]) == -.infinity)
        let decades = try LogUniform(lower: [0.1], upper: [10])
        #expect(decades.contains([0.1]) && decades.contains([10]))
        #expect(decades.logDensity(of: [0.09]) == -.infinity)
        #expect(decades.logDensity(of: [-1]) == -.infinity)
        let gamma = try Gamma(shape: [0.5], rate: [1])
        #expect(gamma.logDensity(of: [0]) == -.infinity)
        #expect(gamma.logDensity(of: [-1]) == -.infinity)
        #expect(gamma.logDensity(of: [.infinity]) == -.infinity)
        let beta = try Beta(alpha: [0.5], beta: [2], lower: [0], upper: [2])
        #expect(beta.logDensity(of: [0]) == -.infinity)
        #expect(beta.logDensity(of: [2]) == -.infinity)
        #expect(beta.logDensity(of: [3]) == -.infinity)
        let exponential = try Exponential(rate: [2])
        #expect(exponential.logDensity(of: [0]) == log(2.0))
        #expect(exponential.logDensity(of: [-1]) == -.infinity)
        #expect(exponential.logDensity(of: [.infinity]) == -.infinity)
        let normal = try MultivariateNormal(mean: [0, 0], covariance: [1, 0, 0, 1])
        #expect(normal.logDensity(of: [.infinity, 0]) == -.infinity)
        #expect(normal.logDensity(of: [.infinity, -.infinity]) == -.infinity)
    }
}
