import Estimators
import Robustness
import Testing

@Suite struct RobustnessReportTests {
    /// The linear Gaussian posterior's divergence is ½ δᵀ I δ for every δ, and its worst direction
    /// the second axis, section 2.2 of the benchmark.
    @Test func `the report on the linear Gaussian posterior is the closed form`() throws {
        let assessor = RobustnessAssessor(try ToyPosterior.linearNormal())
        let radii = [1.0, 0.1]
        for report in try assessor.reports(
            on: ToyPosterior.observations(2, xDim: 10),
            radii: radii
        ) {
            #expect(abs(report.fisher.trace.mean - 797.75) < 0.01)
            #expect(abs(report.fisher.largestEigenvalue.mean - 99.735) < 0.001)
            for (radius, level) in zip(radii, report.levels) {
                let worst = 0.5 * 99.735 * radius * radius
                #expect(level.radius == radius)
                #expect(abs(level.predictedKL / worst - 1) < 1e-4)
                #expect(abs(level.traceBoundKL / (0.5 * 797.75 * radius * radius) - 1) < 1e-4)
                #expect(level.attackKL.mean <= worst * 1.0001)
                #expect(level.attackKL.mean >= worst * 0.999)
                // Uniform in the ball: ½ tr I r² / (n + 2) in the mean.
                let noise = 0.5 * 797.75 * radius * radius / 12
                #expect(abs(level.noiseKL.mean - noise) < 4 * level.noiseKL.standardError)
                #expect(level.noiseKL.standardError < 0.3 * noise)
            }
            #expect(report.score == report.levels[0].score)
            // The mean moves by a / (a² + σ²) r, in units of σ / √(a² + σ²).
            let gain = 1.9402
            let shift = gain / (gain * gain + 0.01).squareRoot() / 0.1
            for (entry, value) in report.parameterShift.enumerated() {
                let expected = entry == 1 ? shift : 0
                #expect(abs(abs(value) - expected) < 0.05 * shift)
            }
        }
    }

    @Test(arguments: [
        // 1 − √(1 − exp(−KL)), from Python's math.
        (0.0, 1.0), (-0.01, 1), (1e-10, 0.999_990_000_000_25), (0.5, 0.372_728_654_976_678_7),
        (2, 0.070_126_504_967_806_3), (800, 0), (.infinity, 0),
    ])
    func `the score bounds the overlap`(divergence: Double, score: Double) {
        #expect(abs(RobustnessReport.score(ofDivergence: divergence) - score) < 1e-12)
    }

    @Test func `the score of no number is none`() {
        #expect(RobustnessReport.score(ofDivergence: .nan).isNaN)
    }

    @Test(arguments: PosteriorSensitivityTests.names)
    func `attacks grow with the radius, and beat noise`(_ name: String) throws {
        var assessor = RobustnessAssessor(try ToyPosterior.family(name))
        // So few steps that a larger ball may well be searched worse than a smaller one.
        assessor.attack.steps = 3
        assessor.attack.draws = 2
        assessor.attack.evaluationDraws = 64
        let radii = [0.4, 0.05, 0.1, 0.8, 0.2]
        for report in try assessor.reports(
            on: ToyPosterior.observations(6, xDim: 4),
            radii: radii
        ) {
            let levels = report.levels.sorted { $0.radius < $1.radius }
            for (smaller, larger) in zip(levels, levels.dropFirst()) {
                #expect(smaller.attackKL.mean <= larger.attackKL.mean)
                #expect(smaller.score >= larger.score)
            }
            #expect(report.score == levels[4].score)
            #expect(levels[4].attackKL.mean > levels[4].noiseKL.mean)
            #expect(report.levels.map(\.radius) == radii)
        }
    }

    @Test func `an observation decides its report alone`() throws {
        var assessor = RobustnessAssessor(try ToyPosterior.family("maf"))
        assessor.attack.steps = 5
        let x = ToyPosterior.observations(3, xDim: 4)
        let batch = try assessor.reports(on: x, radii: [0.1, 0.5])
        assessor.attack.workers = 2
        let alone = try assessor.reports(on: Array(x[4..<8]), radii: [0.1, 0.5])
        #expect(alone[0] == batch[1])
    }

    @Test func `an assessment that is cancelled ends`() throws {
        let assessor = RobustnessAssessor(try ToyPosterior.family("maf"))
        var asked = 0
        #expect(throws: AttackError.cancelled) {
            try assessor.reports(on: ToyPosterior.observations(1, xDim: 4), radii: [1]) {
                asked += 1
                return asked > 7
            }
        }
        #expect(asked == 8)
    }
}
