import Distributions
import Estimators
import Foundation
import Kernels
import Testing

@Suite struct LogarithmicScaleTests {
    /// A table of one column.
    private static func units(_ values: [Double]) -> [Float]? {
        LogarithmicScale(x: values.map { Float($0) }, rows: Array(values.indices)[...], xDim: 1)?
            .units
    }

    /// Normal numbers, `count` of them.
    private static func normals(_ count: Int = 4000) -> [Double] {
        var stream = RandomStream(seed: 5)
        return (0..<count).map { _ in stream.normal() }
    }

    @Test func `entries without heavy tails stay as they are`() {
        let normals = Self.normals()
        #expect(Self.units(normals) == nil)
        #expect(Self.units(normals.map { 50 + 10 * $0 }) == nil)
        #expect(Self.units((0..<1000).map { Double($0) / 1000 }) == nil)
        #expect(Self.units(Array(repeating: 0, count: 100)) == nil)
        #expect(Self.units(Array(repeating: -3, count: 100)) == nil)
    }

    @Test func `log-normal numbers are seen from their quantile of one percent`() throws {
        let units = try #require(Self.units(Self.normals().map { exp(2 * $0) }))
        #expect(abs(log(units[0]) / 2 - -2.33) < 0.2)
        let negative = try #require(Self.units(Self.normals().map { -exp(2 * $0) }))
        #expect(negative == units)
    }

    @Test func `counts are seen from one`() {
        let counts = Self.normals().map { floor(exp(3 * $0)) }
        #expect(Self.units(counts) == [1])
    }

    @Test func `heavy tails on both sides are seen from the median size`() throws {
        let normals = Self.normals()
        // A t distribution with one degree of freedom.
        let ratios = zip(normals, normals.dropFirst()).map { $0 / $1 }
        let units = try #require(Self.units(ratios))
        #expect(abs(units[0] - 1) < 0.1)
    }

    @Test func `values whose ratio is no number stay as they are`() {
        #expect(Self.units((0..<100).map { $0 < 50 ? 0 : $0 < 90 ? 1e-42 : 1e38 }) == nil)
        #expect(LogarithmicScale(units: [0, 0]) == nil)
        #expect(Self.units([]) == nil)
    }

    private static let prior = DistributionDescription.diagonalNormal(
        mean: [0, 0],
        standardDeviation: [1, 1]
    )

    /// A posterior with units for its four entries of x, and otherwise the same.
    private static func posterior(units: [Float]) throws -> Posterior {
        var standardization = Standardization(
            thetaScale: [1, 2],
            thetaShift: [0, 0.5],
            xMean: [0.5, 1, -1, 2],
            xStandardDeviation: [1, 2, 0.5, 1]
        )
        standardization.xLogarithm = LogarithmicScale(units: units)
        let estimator = try EstimatorArchitecture.mixtureDensityNetwork(components: 3)
            .trainable(prior: prior, standardization: standardization)
        return try estimator.posterior(parameters: estimator.initialParameters(seed: 1))
    }

    @Test func `the network sees the signed logarithm`() throws {
        let curved = try Self.posterior(units: [0, 2, 0.5, 0])
        let straight = try Self.posterior(units: [0, 0, 0, 0])
        let theta: [Float] = [0.3, -0.2, 1, 1]
        for x: [Float] in [[0.4, 30, -7, 1], [1, 0, 0, -1], [-2, -3e4, 1e-4, 5]] {
            func signedLog(_ value: Float, _ unit: Float) -> Float {
                (value < 0 ? -1 : 1) * log(1 + abs(value) / unit)
            }
            let seen = [x[0], signedLog(x[1], 2), signedLog(x[2], 0.5), x[3]]
            for (a, b) in zip(
                curved.logProb(theta, given: x),
                straight.logProb(theta, given: seen)
            ) {
                #expect(abs(a - b) < 1e-5 * max(1, abs(b)))
            }
        }
    }

    @Test func `a model file keeps the units and refuses others`() throws {
        let posterior = try Self.posterior(units: [0, 2, 0.5, 0])
        let name = "standardization.x_logarithm_unit"
        #expect(posterior.tensors[name]?.values == [0, 2, 0.5, 0])
        #expect(try Self.posterior(units: [0, 0, 0, 0]).tensors[name] == nil)
        func read(_ units: [Float]) throws -> Posterior {
            var tensors = posterior.tensors
            tensors[name] = Tensor(shape: [units.count], values: units)
            return try Posterior(
                architecture: posterior.architecture,
                prior: Self.prior,
                thetaDim: 2,
                xDim: 4,
                tensors: tensors
            )
        }
        let x: [Float] = [0.4, 30, -7, 1]
        let copy = try read([0, 2, 0.5, 0])
        #expect(copy.logProb([0.3, -0.2], given: x) == posterior.logProb([0.3, -0.2], given: x))
        let bad: [[Float]] = [
            [0, -2, 1, 1], [0, .nan, 1, 1], [0, .infinity, 1, 1], [1, 1],
            [0, .leastNonzeroMagnitude, 1, 1],
            [0, 0, 0, 0],
        ]
        for units in bad {
            #expect(throws: EstimatorError.self) { try read(units) }
        }
    }
}
