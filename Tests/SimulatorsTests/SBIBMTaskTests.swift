import Distributions
import Foundation
import Kernels
import Simulators
import Testing

/// The simulators of sbibm's tasks against its files, scipy, and closed forms.
@Suite struct SBIBMTaskTests {
    /// Draws of x given one theta, `count` rows.
    private static func draws(
        _ simulator: any Simulator,
        _ theta: [Double],
        count: Int = 20_000
    ) -> [[Double]] {
        (0..<count).map { row in
            var stream = RandomStream(seed: 17, stream: UInt64(row))
            return simulator.simulate(theta, using: &stream)
        }
    }

    /// Mean and variance of some numbers, and the standard errors of both, from their moments.
    private static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count)
    }

    private static func covariance(_ a: [Double], _ b: [Double]) -> Double {
        let means = (moments(a).mean, moments(b).mean)
        return zip(a, b).reduce(0) { $0 + ($1.0 - means.0) * ($1.1 - means.1) } / Double(a.count)
    }

    @Test func `every task of sbibm has its ten observations`() {
        let tasks = BenchmarkTasks.all.filter { $0.summary.contains("(sbibm)") }
        #expect(tasks.count == 10)
        for task in tasks {
            #expect(task.referenceObservations.count == 10)
            #expect(task.referenceObservations.allSatisfy { $0.count == task.xDim })
        }
    }

    @Test(arguments: sirSolutions)
    func `the epidemic follows its equation`(golden: GoldenSolution) {
        for (part, expected) in zip(SIR().signals(of: [golden.theta])[0], golden.values) {
            #expect(abs(log(part) - expected) < 1e-5)
        }
    }

    @Test(arguments: lotkaVolterraSolutions)
    func `predators and prey follow their equation`(golden: GoldenSolution) {
        let signal = LotkaVolterra().signals(of: [golden.theta])[0]
        for (value, expected) in zip(signal, golden.values) {
            #expect(abs(value - expected) < 1e-5)
        }
    }

    @Test func `an equation without a solution gives NaN, not a hang`() {
        #expect(LotkaVolterra().signals(of: [[.infinity, 1, 1, 1]])[0].last?.isNaN == true)
        #expect(LotkaVolterra().signals(of: [[.nan, 1, 1, 1]])[0].last?.isNaN == true)
        var stream = RandomStream(seed: 1)
        #expect(SIR().simulate([1e300, 1], using: &stream).contains { $0.isNaN })
    }

    /// Sums of probabilities by `lgamma`, of which the sampler uses none.
    @Test(arguments: [1e-5, 0.01, 0.3, 0.5, 0.8, 0.999])
    func `binomial numbers are quantiles`(probability: Double) {
        var cumulative = 0.0
        for value in 0...1000 {
            let (k, n) = (Double(value), 1000.0)
            let logTerm =
                lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(probability)
                + (n - k) * log1p(-probability)
            let term = exp(logTerm)
            if term > 1e-9 {
                let middle = cumulative + term / 2
                #expect(SIR.binomial(1000, probability, at: middle) == k)
            }
            cumulative += term
        }
        #expect(SIR.binomial(1000, 0, at: 0.5) == 0)
        #expect(SIR.binomial(1000, 1, at: 0.5) == 1000)
    }

    @Test func `distractors and permutation are those of sbibm`() {
        let distractors = SLCPDistractors.Distractors.shared
        #expect(distractors.permutation == distractorPermutation)
        for component in 0..<20 {
            #expect(
                abs(distractors.locations[component][91] - distractorLocations[component]) < 1e-12
            )
            let last = distractors.factors[component].last ?? 0
            #expect(abs(last - distractorFactors[component]) < 1e-12)
        }
        let sum = distractors.locations.joined().reduce(0, +)
        #expect(abs(sum - distractorSums[0]) < 1e-9)
        #expect(
            abs(distractors.factors.joined().reduce(0) { $0 + abs($1) } - distractorSums[1]) < 1e-8
        )
    }

    /// sbibm's distractor observations hold the observations of `slcp`.
    @Test func `the data stand where the permutation puts them`() {
        let permutation = SLCPDistractors.Distractors.shared.permutation
        let pairs = zip(
            BenchmarkTask.slcp.referenceObservations,
            BenchmarkTask.slcpDistractors.referenceObservations
        )
        for (data, all) in pairs {
            let found = (0..<8).map { entry in
                permutation.firstIndex(of: entry).map { all[$0] }
            }
            #expect(found == data)
        }
        // The same of our own rows: with the noise and its place in the stream alike.
        var stream = RandomStream(seed: 3)
        let data = SLCP().simulate([1, 2, 0.5, -1, 0.3], using: &stream)
        stream = RandomStream(seed: 3)
        let all = SLCPDistractors().simulate([1, 2, 0.5, -1, 0.3], using: &stream)
        #expect((0..<8).map { entry in permutation.firstIndex(of: entry).map { all[$0] } } == data)
    }

    /// Half of a t distribution's mass lies where it should, though it has no variance.
    @Test func `distractors have the tails of two degrees of freedom`() {
        let distractors = SLCPDistractors.Distractors.shared
        let first = distractors.permutation.firstIndex(of: 8) ?? 0
        let values = Self.draws(SLCPDistractors(), [0, 0, 1, 1, 0], count: 10_000).map { $0[first] }
        // P(│t₂│ < √(2/3)) = 1/2.
        let expected = (0..<20).map { component in
            let scale = abs(distractors.factors[component][0])
            let half = scale * (2.0 / 3).squareRoot()
            let centre = distractors.locations[component][0]
            // The part of component j's mass within half a scale of component i's centre.
            return (0..<20).reduce(0.0) { sum, other in
                func distribution(_ x: Double) -> Double {
                    let t =
                        (x - distractors.locations[other][0])
                        / abs(distractors.factors[other][0])
                    return 0.5 + t / (2 * (2 + t * t).squareRoot())
                }
                return sum + (distribution(centre + half) - distribution(centre - half)) / 20
            }
        }
        for component in 0..<20 {
            let half = abs(distractors.factors[component][0]) * (2.0 / 3).squareRoot()
            let centre = distractors.locations[component][0]
            let share = Double(values.count { abs($0 - centre) < half }) / 10_000
            // Five standard errors.
            let error = (expected[component] * (1 - expected[component]) / 10_000).squareRoot()
            #expect(abs(share - expected[component]) < 5 * error)
        }
    }

    @Test func `the stimulus and the prior are those of sbibm`() {
        #expect(BernoulliGLM.stimulus == bernoulliStimulus)
        guard case .multivariateNormal(_, let covariance) = BenchmarkTask.bernoulliGLM.prior else {
            Issue.record("the prior is no normal")
            return
        }
        for (entry, expected) in zip(covariance, bernoulliPriorCovariance) {
            #expect(abs(entry - expected) < 1e-9 * max(abs(expected), 1))
        }
    }

    /// sbibm's raw observations have the statistics it gives as observations.
    @Test func `statistics are those of sbibm`() {
        let pairs = zip(
            BenchmarkTask.bernoulliGLMRaw.referenceObservations,
            BenchmarkTask.bernoulliGLM.referenceObservations
        )
        for (spikes, expected) in pairs {
            let statistics = BernoulliGLM.statistics(of: spikes.map(Double.init))
            for (value, expected) in zip(statistics, expected) {
                #expect(abs(value - Double(expected)) < 1e-5 * max(abs(value), 1))
            }
        }
    }

    @Test func `spikes come with the probability of the potential`() {
        let theta = [-0.5, 1, -0.7, 0.3, 0, 0.2, 0.1, -0.2, 0.4, 0.6]
        let draws = Self.draws(BernoulliGLM(isRaw: true), theta)
        for time in [0, 1, 5, 8, 9, 50, 99] {
            var potential = theta[0]
            for lag in 0...min(8, time) {
                potential += theta[1 + lag] * bernoulliStimulus[time - lag]
            }
            let probability = 1 / (1 + exp(-potential))
            let share = draws.reduce(0) { $0 + $1[time] } / Double(draws.count)
            let error = (probability * (1 - probability) / Double(draws.count)).squareRoot()
            #expect(abs(share - probability) < 5 * error)
        }
    }

    @Test func `slcp has the stated mean and covariance`() {
        let theta = [0.4, -1.2, 1.3, -0.8, 0.9]
        let draws = Self.draws(SLCP(), theta)
        let (first, second) = (theta[2] * theta[2], theta[3] * theta[3])
        for draw in 0..<4 {
            let x = draws.map { $0[2 * draw] }
            let y = draws.map { $0[2 * draw + 1] }
            let error = 1 / Double(draws.count).squareRoot()
            #expect(abs(Self.moments(x).mean - theta[0]) < 5 * first * error)
            #expect(abs(Self.moments(y).mean - theta[1]) < 5 * second * error)
            #expect(abs(Self.moments(x).variance / (first * first) - 1) < 5 * 1.42 * error)
            #expect(abs(Self.moments(y).variance / (second * second) - 1) < 5 * 1.42 * error)
            let correlation = Self.covariance(x, y) / (first * second)
            #expect(abs(correlation - tanh(theta[4])) < 5 * error)
        }
        let apart = Self.covariance(draws.map { $0[0] }, draws.map { $0[2] })
        #expect(abs(apart) < 5 * first * first / Double(draws.count).squareRoot())
    }

    @Test func `normal data have the stated mean and variance`() {
        let theta = (0..<10).map { Double($0) / 10 }
        let draws = Self.draws(GaussianLinear(), theta)
        for index in 0..<10 {
            let (mean, variance) = Self.moments(draws.map { $0[index] })
            #expect(abs(mean - theta[index]) < 5 * (0.1 / 20_000).squareRoot())
            #expect(abs(variance / 0.1 - 1) < 5 * 0.01)
        }
    }

    /// Both entries of x come from the same component: their squares are correlated.
    @Test func `a mixture draws one component for each x`() {
        let draws = Self.draws(GaussianMixture(), [3, -2])
        let squares = draws.map { [($0[0] - 3) * ($0[0] - 3), ($0[1] + 2) * ($0[1] + 2)] }
        for index in 0..<2 {
            // ½ (1 + 0.01); the fourth moment is ½ (3 + 3e-4).
            let error = ((1.5 - 0.255) / 20_000).squareRoot()
            #expect(abs(Self.moments(squares.map { $0[index] }).mean - 0.505) < 5 * error)
        }
        // E[a b] − 0.505² = ½ (1 + 1e-4) − 0.255.
        let joint = Self.covariance(squares.map { $0[0] }, squares.map { $0[1] })
        #expect(abs(joint - 0.245) < 5 * (4.5 / 20_000).squareRoot())
    }

    @Test func `populations are read with a tenth of error`() {
        let golden = lotkaVolterraSolutions[0]
        let draws = Self.draws(LotkaVolterra(), golden.theta, count: 5000)
        for index in 0..<20 {
            let (mean, variance) = Self.moments(draws.map { log($0[index]) })
            #expect(abs(mean - golden.values[index]) < 5 * 0.1 / 5000.0.squareRoot())
            #expect(abs(variance / 0.01 - 1) < 5 * 1.42 / 5000.0.squareRoot())
        }
    }

    @Test(arguments: gaussianLinearMoments)
    func `the Gaussian posterior has the moments of sbibm's samples`(golden: GoldenMoments) throws {
        let posterior = try GaussianLinearPosterior().posterior(given: golden.observation)
        for index in 0..<10 {
            // Five standard errors of 10,000 samples.
            #expect(abs(posterior.mean[index] - golden.mean[index]) < 5 * 0.2236 / 100)
            let ratio = posterior.standardDeviation[index] / golden.standardDeviation[index]
            #expect(abs(ratio - 1) < 5 * 0.0071)
        }
    }
}
