import Distributions
import Estimators
import PosteriorAPI
import Testing

@Suite struct AcceptanceRatesTests {
    /// A normal of theta around x that a box cuts.
    private static func posterior(xDim: Int) throws -> Posterior {
        let prior = DistributionDescription.boxUniform(lower: [-1], upper: [1])
        let standardization = Standardization(
            thetaScale: [1],
            thetaShift: [0],
            xMean: Array(repeating: 0, count: xDim),
            xStandardDeviation: Array(repeating: 1, count: xDim)
        )
        let estimator = try EstimatorArchitecture.mixtureDensityNetwork(components: 2)
            .trainable(prior: prior, support: .truncated, standardization: standardization)
        return try estimator.posterior(parameters: estimator.initialParameters(seed: 1))
    }

    @Test func `a remembered rate is the measured one, and others are measured`() throws {
        let posterior = try Self.posterior(xDim: 1)
        let rates = AcceptanceRates(of: posterior)
        for _ in 0..<2 {
            for x: Float in [0, -0.0, 0.5, .nan] {
                #expect(
                    rates.rate(given: [x], workers: 2)
                        == posterior.acceptanceRate(given: [x], workers: 1)
                )
            }
        }
        // Zeros of either sign have different bits, and so different draws.
        #expect(rates.count == 4)
    }

    @Test func `no more is remembered than fits, and what was asked for last is`() throws {
        // Two rates a generation.
        let rates = AcceptanceRates(of: try Self.posterior(xDim: 3), mostNumbers: 12)
        let counts = (1...7).map { value in
            _ = rates.rate(given: [Float(value), 0, 0], workers: 2)
            return rates.count
        }
        #expect(counts == [1, 2, 3, 4, 3, 4, 3])
    }
}
