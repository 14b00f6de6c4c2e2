import Estimators
import Foundation
import Robustness
import Testing

@Suite struct RobustnessEvaluationTests {
    private static let gains = [0.3, -1.2, 2]

    /// A small evaluation.
    private static var settings: RobustnessEvaluation {
        var settings = RobustnessEvaluation()
        settings.epsilons = [0.1, 0.5, 2]
        settings.dataScale = 1.5
        settings.attack.steps = 60
        settings.attack.workers = 2
        settings.coverageDraws = 200
        settings.checkedObservations = 40
        return settings
    }

    private static func result(
        _ settings: RobustnessEvaluation,
        spread: Double = 1
    ) throws -> RobustnessResult {
        let pairs = NormalPosterior.pairs(200, gains: gains)
        return try settings.result(
            of: NormalPosterior.linear(gains: gains, spread: spread),
            theta: pairs.theta,
            observations: pairs.x
        )
    }

    /// The Fisher information of the linear toy is diag((a / (σ² √precision))²).
    private static var eigenvalues: [Double] {
        gains.map { gain in
            let variance = NormalPosterior.noise * NormalPosterior.noise
            return gain * gain / variance / variance / (1 + gain * gain / variance)
        }
    }

    /// Gradients of five draws are noisy where the divergence is small, so that ascent stays behind
    /// the eigenvector there.
    @Test(arguments: [(Attack.Method.pgd, 0.8), (.adaptive, 0.9), (.eigenvector, 0.999)])
    func `divergences are those of the linear Gaussian closed form`(
        method: Attack.Method,
        share: Double
    ) throws {
        var settings = Self.settings
        settings.attack.method = method
        let result = try Self.result(settings)
        let largest = try #require(Self.eigenvalues.max())
        let trace = Self.eigenvalues.reduce(0, +)
        for level in result.levels {
            #expect(level.radius == level.epsilon * 1.5)
            let worst = 0.5 * largest * level.radius * level.radius
            #expect(abs(level.predictedKL.median - worst) < 1e-3 * worst)
            for summary in [level.attack.klCleanAttacked, level.attack.klAttackedClean] {
                #expect(summary.median <= worst * 1.0001)
                #expect(summary.median > share * worst)
            }
            // ½ tr(I) r² / (n + 2), with the spread of 200 squares.
            let noise = 0.5 * trace * level.radius * level.radius / 5
            #expect(abs(level.noise.klCleanAttacked.mean - noise) < 0.4 * noise)
            let score = RobustnessReport.score(ofDivergence: level.attack.klAttackedClean.median)
            #expect(abs(level.score.median - score) < 1e-3)
        }
        #expect(abs(result.largestEigenvalue.median - largest) < 1e-3 * largest)
        #expect(abs(result.fisherTrace.median - trace) < 1e-3 * trace)
    }

    @Test func `an attack destroys coverage, more the larger it is`() throws {
        let result = try Self.result(Self.settings)
        #expect(abs(result.coverage.signedArea) < 4 * result.coverage.signedAreaStandardError)
        let areas = [result.coverage.signedArea] + result.levels.map(\.attack.coverage.signedArea)
        #expect(areas == areas.sorted(by: >))
        #expect(areas[3] < -0.48)
        #expect(result.levels[2].noise.coverage.signedArea > areas[3])
    }

    @Test func `an attack with honest gradients passes every check`() throws {
        let result = try Self.result(Self.settings)
        #expect(result.checks.map(\.kind).contains(.randomSearch))
        for check in result.checks { #expect(check.isPassed, "\(check)") }
    }

    /// On a staircase the gradient is zero almost everywhere, while the posterior jumps.
    @Test func `an attack without useful gradients fails a check`() throws {
        let pairs = NormalPosterior.pairs(60, gains: [1])
        let checks = try Self.settings.result(
            of: NormalPosterior.staircase(),
            theta: pairs.theta,
            observations: pairs.x
        ).checks
        let search = try #require(checks.first { $0.kind == .randomSearch })
        #expect(!search.isPassed)
        let stronger = try #require(checks.first { $0.kind == .strongerAttack })
        #expect(stronger.isPassed)
    }

    /// A posterior that hardly sees x cannot be broken, which is worth a look, too.
    @Test func `a posterior that nothing moves fails the check of a large ball`() throws {
        let pairs = NormalPosterior.pairs(40, gains: [0.001])
        let checks = try Self.settings.result(
            of: NormalPosterior.linear(gains: [0.001]),
            theta: pairs.theta,
            observations: pairs.x
        ).checks
        for check in checks where check.kind == .largeEpsilon { #expect(!check.isPassed) }
    }

    @Test func `the result does not depend on the number of threads`() throws {
        var settings = Self.settings
        settings.epsilons = [0.5]
        settings.checkedObservations = 4
        let two = try Self.result(settings)
        settings.attack.workers = 1
        #expect(try Self.result(settings) == two)
    }

    @Test func `progress rises to the end, and a cancelled evaluation stops`() throws {
        let pairs = NormalPosterior.pairs(20, gains: Self.gains)
        let posterior = try NormalPosterior.linear(gains: Self.gains)
        var settings = Self.settings
        settings.checkedObservations = 5
        var fractions: [Double] = []
        _ = try settings.result(
            of: posterior,
            theta: pairs.theta,
            observations: pairs.x,
            progress: { fractions.append($0.fraction) }
        )
        #expect(fractions == fractions.sorted())
        #expect(try #require(fractions.last) > 0.9)
        let many = fractions.count
        var asked = 0
        #expect(throws: AttackError.cancelled) {
            try settings.result(
                of: posterior,
                theta: pairs.theta,
                observations: pairs.x,
                progress: { _ in asked += 1 },
                isCancelled: { asked > many / 2 }
            )
        }
        #expect(asked < many)
    }
}

@Suite struct ValueSummaryTests {
    /// numpy.quantile([5, 1, 4, 2, 3, 100], q).
    @Test func `quantiles are numpy's`() {
        let summary = ValueSummary([5, 1, 4, 2, 3, 100])
        #expect(summary.median == 3.5)
        #expect(abs(summary.lowerQuantile - 1.75) < 1e-12)
        #expect(abs(summary.upperQuantile - 28.75) < 1e-12)
        #expect(abs(summary.mean - 115.0 / 6) < 1e-12)
        #expect(summary.replacedCount == 0)
    }

    @Test func `what overflowed becomes the median of the rest, and is counted`() {
        let summary = ValueSummary([1, .nan, 2, .infinity, -20_000, 9])
        #expect(summary.median == 2)
        #expect(summary.mean == 3)
        #expect(summary.replacedCount == 3)
        #expect(ValueSummary([-10_000, 0]).replacedCount == 0)
    }

    @Test func `nothing but overflow has no median`() {
        let summary = ValueSummary([.nan, .infinity])
        #expect(summary.median.isNaN && summary.mean.isNaN && summary.upperQuantile.isNaN)
        #expect(summary.replacedCount == 2)
    }

    private static let scores: [(Double, Double)] = [
        (0, 1), (-0.1, 1), (.infinity, 0), (0.693147180559945309, 0.292893218813452476),
        (1e-20, 0.9999999999), (40, 0),
    ]

    @Test(arguments: scores)
    func `the score is the bound of Bretagnolle and Huber`(divergence: Double, score: Double) {
        #expect(abs(RobustnessReport.score(ofDivergence: divergence) - score) < 1e-15)
    }
}
