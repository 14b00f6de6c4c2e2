import Estimators
import Kernels
import Robustness
import Testing

@Suite struct FisherInformationTests {
    /// Section 2.2 of the benchmark: the exact posterior has λmax 99.735 along the second entry of
    /// x and trace 797.75 at every observation.
    @Test func `the linear Gaussian posterior has the published Fisher information`() throws {
        var estimator = FisherEstimator(try ToyPosterior.linearNormal())
        estimator.withMatrix = true
        let x = ToyPosterior.observations(3, xDim: 10)
        for fisher in estimator.estimates(at: x) {
            #expect(fisher.method == .closedForm)
            #expect(abs(fisher.trace.mean - 797.75) < 0.01)
            #expect(abs(fisher.largestEigenvalue.mean - 99.735) < 0.001)
            #expect(fisher.direction[1] > 0.999)
            let matrix = try #require(fisher.matrix)
            let variance = 1 / (1 + 1.2073 * 1.2073 / 0.01)
            #expect(abs(matrix[8 * 10 + 8] - 1.2073 * 1.2073 * variance / 1e-4) < 0.01)
            #expect(abs(matrix[8 * 10 + 7]) < 1e-6)
        }
    }

    @Test func `draws agree with the closed form of a normal`() throws {
        let posterior = try ToyPosterior.family("gaussian")
        let x = ToyPosterior.observations(200, xDim: 4)
        let exact = FisherEstimator(posterior).estimates(at: x)
        var estimator = FisherEstimator(posterior)
        estimator.alwaysDraws = true
        estimator.draws = 500
        estimator.workers = 2
        let estimates = estimator.estimates(at: x)
        // Of two hundred, more than six beyond three standard errors would be far too many.
        let far = zip(exact, estimates).count { exact, estimate in
            abs(exact.trace.mean - estimate.trace.mean) > 3 * estimate.trace.standardError
                + 1e-4 * exact.trace.mean
        }
        #expect(far <= 6)
        for (exact, estimate) in zip(exact, estimates) {
            #expect(estimate.method == .monteCarlo)
            let (first, second) = (exact.largestEigenvalue.mean, estimate.largestEigenvalue)
            #expect(abs(first - second.mean) < 6 * second.standardError + 0.01 * first)
        }
    }

    @Test func `few draws do not make the largest eigenvalue larger`() throws {
        // Five of the eigenvalues lie within 1 % of the largest, 99.735: where chance chooses.
        var estimator = FisherEstimator(try ToyPosterior.linearNormal())
        estimator.alwaysDraws = true
        estimator.draws = 1000
        let values = (0..<40).map { seed in
            estimator.seed = UInt64(seed)
            return estimator.estimate(at: ToyPosterior.observations(1, xDim: 10))
                .largestEigenvalue
        }
        let mean = MonteCarloEstimate(values.map(\.mean))
        #expect(mean.mean < 99.735 + 3 * mean.standardError)
        #expect(mean.mean > 0.97 * 99.735)
        let told = values.reduce(0) { $0 + $1.standardError } / 40
        let actual = mean.standardError * 40.0.squareRoot()
        #expect(told / actual > 0.6 && told / actual < 1.6)
    }

    @Test(arguments: PosteriorSensitivityTests.names)
    func `the matrix predicts the divergence of small perturbations`(_ name: String) throws {
        let posterior = try ToyPosterior.family(name)
        let x = ToyPosterior.observations(1, xDim: 4, seed: 11)
        var estimator = FisherEstimator(posterior)
        estimator.draws = 40_000
        estimator.withMatrix = true
        estimator.workers = 2
        let fisher = estimator.estimate(at: x)
        let matrix = try #require(fisher.matrix)
        #expect(abs((0..<4).reduce(0) { $0 + matrix[$1 * 5] } / fisher.trace.mean - 1) < 0.05)
        // By its eigenvector.
        var attack = Attack()
        attack.method = .eigenvector
        attack.evaluationDraws = 20_000
        let radius = 0.05 / fisher.largestEigenvalue.mean.squareRoot()
        let outcome = try Attacker(posterior).outcomes(of: attack, on: x, radii: [radius])[0]
        let predicted = 0.5 * radius * radius * fisher.largestEigenvalue.mean
        let found = outcome.klCleanAttacked
        // The log ratio has mean p and deviation √(2 p): draws leave an error that is told.
        #expect(abs(found.mean - predicted) < 4 * found.standardError + 0.1 * predicted)
    }

    @Test(arguments: ["maf", "nsf"])
    func `control variates change the error and not the mean`(_ name: String) throws {
        let posterior = try ToyPosterior.family(name)
        let x = ToyPosterior.observations(1, xDim: 4, seed: 5)
        var many = FisherEstimator(posterior)
        many.draws = 100_000
        many.workers = 2
        let reference = many.estimate(at: x).trace
        var few = FisherEstimator(posterior)
        few.draws = 400
        let traces = (0..<40).map { seed in
            few.seed = UInt64(seed)
            return few.estimate(at: x).trace
        }
        let spread = MonteCarloEstimate(traces.map(\.mean))
        #expect(
            abs(spread.mean - reference.mean)
                < 4 * (spread.standardError + reference.standardError)
        )
        // The error that is told is the one there is, within the chance of forty runs.
        let told = traces.reduce(0) { $0 + $1.standardError } / 40
        let actual = spread.standardError * 40.0.squareRoot()
        #expect(told / actual > 0.6 && told / actual < 1.6)
    }

    @Test func `observations of 2400 entries need no matrix`() throws {
        let posterior = try ToyPosterior.random(
            .maskedAutoregressiveFlow(thetaDim: 2, hiddenFeatures: 8, seed: 1),
            thetaDim: 2,
            xDim: 2400,
            scale: 0.02
        )
        var estimator = FisherEstimator(posterior)
        estimator.draws = 200
        let fisher = estimator.estimate(at: ToyPosterior.observations(1, xDim: 2400))
        #expect(fisher.matrix == nil)
        #expect(fisher.direction.count == 2400)
        #expect(fisher.largestEigenvalue.mean > 0)
        #expect(fisher.largestEigenvalue.mean <= fisher.trace.mean * 1.2)
    }

    @Test func `an observation decides its result alone`() throws {
        let posterior = try ToyPosterior.family("maf")
        let x = ToyPosterior.observations(3, xDim: 4)
        var estimator = FisherEstimator(posterior)
        estimator.draws = 100
        let batch = estimator.estimates(at: x)
        estimator.workers = 2
        for row in 0..<3 {
            #expect(estimator.estimate(at: Array(x[(row * 4)..<((row + 1) * 4)])) == batch[row])
        }
    }
}
