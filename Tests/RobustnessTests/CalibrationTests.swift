import Estimators
import Foundation
import Robustness
import Testing

@Suite struct CalibrationTests {
    private static let gains = [0.3, -1.2, 2]

    /// Ranks of as many pairs under a posterior of the linear toy.
    private static func ranks(
        _ count: Int,
        spread: Double = 1,
        shift: Double = 0
    ) throws -> PosteriorRanks {
        let pairs = NormalPosterior.pairs(count, gains: gains)
        return try PosteriorRanks(
            of: pairs.theta,
            in: NormalPosterior.linear(gains: gains, spread: spread, shift: shift),
            given: pairs.x,
            draws: 500,
            seed: 1,
            workers: 2
        )
    }

    @Test func `ranks on a grid are covered as often as the level says`() {
        let coverage = ExpectedCoverage(ranks: (0..<9900).map { (Double($0) + 0.5) / 9900 })
        for (found, level) in zip(coverage.coverage, ExpectedCoverage.levels) {
            #expect(abs(found - level) < 1e-12)
        }
        #expect(abs(coverage.signedArea) < 1e-12)
        #expect(coverage.absoluteArea < 1e-12)
    }

    /// cov(1) is 1 by definition, so the areas fall short of a half by half a step of the grid.
    @Test(arguments: [(1.0, -1.0), (0.0, 1.0)])
    func `what is never covered, or always, has the extreme area`(rank: Double, sign: Double) {
        let coverage = ExpectedCoverage(ranks: [rank, rank, rank])
        #expect(abs(coverage.signedArea - sign * (0.5 - 0.5 / 99)) < 1e-12)
        #expect(abs(coverage.absoluteArea - (0.5 - 0.5 / 99)) < 1e-12)
    }

    /// Values of Tests/Reference/calibration.py.
    @Test func `areas are numpy's`() {
        let ranks = (0..<257).map { index in
            let place = Double((index * 97 + 13) % 257) / 257
            return place * place * (3 - 2 * place)
        }
        let coverage = ExpectedCoverage(ranks: ranks)
        #expect(abs(coverage.signedArea - GoldenCalibration.signedArea) < 1e-12)
        #expect(abs(coverage.absoluteArea - GoldenCalibration.absoluteArea) < 1e-12)
    }

    /// Values of Tests/Reference/calibration.py, with scipy's chi-squared test.
    @Test(arguments: GoldenCalibration.histograms)
    func `the test of uniformity is scipy's`(golden: GoldenCalibration.Histogram) {
        let ranks = golden.counts.enumerated().flatMap { bin, count in
            Array(
                repeating: (Double(bin) + 0.5) / Double(golden.counts.count),
                count: count
            )
        }
        let calibration = SimulationBasedCalibration(
            ranks: ranks,
            dimension: 1,
            bins: golden.counts.count
        )
        let parameter = calibration.parameters[0]
        #expect(parameter.histogram == golden.counts)
        #expect(abs(parameter.chiSquared - golden.statistic) < 1e-9 * golden.statistic)
        #expect(abs(parameter.pValue - golden.pValue) < 1e-10 * golden.pValue + 1e-15)
    }

    @Test func `the exact posterior is calibrated`() throws {
        let ranks = try Self.ranks(2000)
        let coverage = ExpectedCoverage(ranks: ranks.density)
        // The signed area is one half minus the mean of uniform ranks.
        #expect(abs(coverage.signedArea) < 4 * coverage.signedAreaStandardError)
        for (found, level) in zip(coverage.coverage, ExpectedCoverage.levels) {
            // Binomial; four standard errors.
            #expect(abs(found - level) <= 4 * (level * (1 - level) / 2000).squareRoot() + 1e-3)
        }
        let calibration = SimulationBasedCalibration(ranks: ranks.marginal, dimension: 3)
        #expect(calibration.pValue > 1e-3)
    }

    @Test(arguments: [(0.7, -1.0), (1.4, 1.0)])
    func `a posterior of the wrong width fails`(spread: Double, sign: Double) throws {
        let ranks = try Self.ranks(1000, spread: spread)
        let coverage = ExpectedCoverage(ranks: ranks.density)
        #expect(coverage.signedArea * sign > 8 * coverage.signedAreaStandardError)
        let calibration = SimulationBasedCalibration(ranks: ranks.marginal, dimension: 3)
        #expect(calibration.pValue < 1e-6)
        // Ranks gather at the ends of a narrow posterior and in the middle of a broad one.
        for parameter in calibration.parameters {
            let ends = Double(parameter.histogram[0] + parameter.histogram[19]) / 2
            #expect((ends - 50) * sign < 0)
        }
    }

    @Test func `a biased posterior fails`() throws {
        let ranks = try Self.ranks(1000, shift: 0.5)
        let coverage = ExpectedCoverage(ranks: ranks.density)
        #expect(coverage.signedArea < -6 * coverage.signedAreaStandardError)
        let calibration = SimulationBasedCalibration(ranks: ranks.marginal, dimension: 3)
        #expect(calibration.pValue < 1e-6)
        for parameter in calibration.parameters {
            #expect(parameter.histogram[0] > 2 * parameter.histogram[19])
        }
    }

    @Test func `a cancelled ranking says so`() throws {
        let pairs = NormalPosterior.pairs(10, gains: [1])
        let posterior = try NormalPosterior.linear(gains: [1])
        #expect(throws: AttackError.cancelled) {
            try PosteriorRanks(
                of: pairs.theta,
                in: posterior,
                given: pairs.x,
                draws: 10,
                seed: 1,
                isCancelled: { _ in true }
            )
        }
    }
}
