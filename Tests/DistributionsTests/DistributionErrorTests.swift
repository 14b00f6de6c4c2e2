import Distributions
import Testing

@Suite struct DistributionErrorTests {
    struct Refusal: Sendable {
        let description: DistributionDescription
        let error: DistributionError
    }

    static let refusals = [
        Refusal(
            description: .diagonalNormal(mean: [], standardDeviation: []),
            error: .empty(distribution: "a diagonal normal")
        ),
        Refusal(description: .product([]), error: .empty(distribution: "a product")),
        Refusal(
            description: .diagonalNormal(mean: [0, 1], standardDeviation: [1]),
            error: .wrongLength(field: "standard_deviation", expected: 2, found: 1)
        ),
        Refusal(
            description: .diagonalNormal(mean: [0, .infinity], standardDeviation: [1, 1]),
            error: .nonFinite(field: "mean", index: 1, found: .infinity)
        ),
        Refusal(
            description: .diagonalNormal(mean: [0, 0], standardDeviation: [1, 0]),
            error: .notPositive(field: "standard_deviation", index: 1, found: 0)
        ),
        Refusal(
            description: .logNormal(logMean: [0], logStandardDeviation: [-2]),
            error: .notPositive(field: "log_standard_deviation", index: 0, found: -2)
        ),
        Refusal(
            description: .logNormal(logMean: [0], logStandardDeviation: []),
            error: .wrongLength(field: "log_standard_deviation", expected: 1, found: 0)
        ),
        Refusal(
            description: .boxUniform(lower: [0, 1], upper: [1, 1]),
            error: .lowerNotBelowUpper(index: 1, lower: 1, upper: 1)
        ),
        Refusal(
            description: .boxUniform(lower: [1], upper: [1 + 0x1p-52]),
            error: .unusableInterval(index: 0, lower: 1, upper: 1 + 0x1p-52)
        ),
        Refusal(
            description: .boxUniform(lower: [-1e308], upper: [1e308]),
            error: .unusableInterval(index: 0, lower: -1e308, upper: 1e308)
        ),
        Refusal(
            description: .multivariateNormal(mean: [0, 0], covariance: [1, 0, 0]),
            error: .wrongLength(field: "covariance", expected: 4, found: 3)
        ),
        Refusal(
            description: .multivariateNormal(mean: [0, 0], covariance: [1, 0.5, 0.4, 1]),
            error: .notSymmetric(row: 1, column: 0)
        ),
        Refusal(
            description: .multivariateNormal(mean: [0, 0], covariance: [1, 2, 2, 1]),
            error: .notPositiveDefinite(row: 1)
        ),
        Refusal(
            description: .multivariateNormal(mean: [0, 0], covariance: [1, 1, 1, 1]),
            error: .notPositiveDefinite(row: 1)
        ),
        Refusal(
            description: .multivariateNormal(mean: [0], covariance: [-1]),
            error: .notPositiveDefinite(row: 0)
        ),
        Refusal(
            description: .truncatedNormal(
                mean: [0],
                standardDeviation: [1],
                lower: [2],
                upper: [1]
            ),
            error: .lowerNotBelowUpper(index: 0, lower: 2, upper: 1)
        ),
        Refusal(
            description: .truncatedNormal(
                mean: [0],
                standardDeviation: [1],
                lower: [.infinity],
                upper: [.infinity]
            ),
            error: .nonFinite(field: "lower", index: 0, found: .infinity)
        ),
        Refusal(
            description: .truncatedNormal(
                mean: [0],
                standardDeviation: [1e-200],
                lower: [1],
                upper: [2]
            ),
            error: .noMass(index: 0, lower: 1, upper: 2)
        ),
        Refusal(
            description: .logUniform(lower: [0], upper: [1]),
            error: .notPositive(field: "lower", index: 0, found: 0)
        ),
        Refusal(
            description: .logUniform(lower: [1e-40], upper: [1]),
            error: .tooSmall(field: "lower", index: 0, found: 1e-40, least: 1e-30)
        ),
        Refusal(
            description: .gamma(shape: [1, -1], rate: [1, 1]),
            error: .notPositive(field: "shape", index: 1, found: -1)
        ),
        Refusal(
            description: .beta(alpha: [1], beta: [0], lower: [0], upper: [1]),
            error: .notPositive(field: "beta", index: 0, found: 0)
        ),
        Refusal(
            description: .beta(alpha: [1], beta: [1], lower: [0, 0], upper: [1]),
            error: .wrongLength(field: "lower", expected: 1, found: 2)
        ),
        Refusal(
            description: .exponential(rate: [.nan]),
            error: .nonFinite(field: "rate", index: 0, found: .nan)
        ),
        Refusal(
            description: .product([
                .boxUniform(lower: [0], upper: [1]),
                .boxUniform(lower: [0], upper: [.nan]),
            ]),
            error: .nonFinite(field: "upper", index: 0, found: .nan)
        ),
    ]

    @Test(arguments: refusals)
    func `a description that defines nothing is refused by name`(refusal: Refusal) throws {
        let error = try #require(throws: DistributionError.self) {
            _ = try refusal.description.makeDistribution()
        }
        // Compared as text: NaN differs from itself.
        #expect(error.description == refusal.error.description)
    }
}
