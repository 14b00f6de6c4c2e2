import Distributions
import Estimators
import Glibc
import TestSupport
import Testing

/// The highest density, against closed forms.
@Suite struct PosteriorMaximumTests {
    private static let candidates = 300
    private static let starts = 8

    /// u ~ N(mean, deviation²), independent of x, and theta its image in the prior's support.
    private func normal(
        mean: [Double],
        deviation: [Double],
        prior: DistributionDescription
    ) throws -> Posterior {
        let count = mean.count
        return try Posterior(
            architecture: .flow(FlowArchitecture(transforms: [.elementwiseAffine])),
            prior: prior,
            thetaDim: count,
            xDim: 1,
            tensors: [
                "transforms.0.scale": Tensor(
                    shape: [count],
                    values: deviation.map { Float(1 / $0) }
                ),
                "transforms.0.shift": Tensor(
                    shape: [count],
                    values: zip(mean, deviation).map { Float(-$0 / $1) }
                ),
                "standardization.theta_scale": Tensor(
                    shape: [count],
                    values: Array(repeating: 1, count: count)
                ),
                "standardization.theta_shift": Tensor(
                    shape: [count],
                    values: Array(repeating: 0, count: count)
                ),
                "standardization.x_mean": Tensor(shape: [1], values: [0]),
                "standardization.x_standard_deviation": Tensor(shape: [1], values: [1]),
            ]
        )
    }

    private func maximum(_ posterior: Posterior, given x: [Float] = [0]) throws -> PosteriorMaximum
    {
        let found = posterior.maxima(
            given: x,
            seed: 3,
            candidates: Self.candidates,
            starts: Self.starts
        )
        #expect(found.count == 1)
        let maximum = try #require(found[0])
        #expect(maximum.isConverged)
        return maximum
    }

    /// Dimensions of very different widths; the density at the mean is ∏ 1 / (σ √2π).
    @Test func `the mode of a normal is its mean`() throws {
        let mean = [0.5, -6, 1000, 0]
        let deviation = [0.5, 2, 30, 1e-3]
        let posterior = try normal(
            mean: mean,
            deviation: deviation,
            prior: EstimatorCase.normal(4)
        )
        let found = try maximum(posterior)
        for dimension in 0..<4 {
            let offset = Double(found.theta[dimension]) - mean[dimension]
            #expect(abs(offset) < 5e-3 * deviation[dimension])
        }
        let expected = deviation.reduce(0) { $0 - log($1) - 0.918_938_533_204_672_7 }
        #expect(isClose(Double(found.logProb), expected, absolute: 1e-4))
    }

    /// The density of theta, not of u: the mode of a log-normal is exp(m − s²); that of a
    /// logit-normal solves (u − m) / s² + 1 − 2 σ(u) = 0, found here by bisection.
    @Test func `the density that is highest is that of theta`() throws {
        let prior = DistributionDescription.product([
            .logNormal(logMean: [0], logStandardDeviation: [1]),
            .boxUniform(lower: [-1], upper: [3]),
        ])
        let found = try maximum(
            normal(mean: [0.3, 0.8], deviation: [0.6, 0.7], prior: prior)
        )
        #expect(isClose(Double(found.theta[0]), exp(0.3 - 0.36), relative: 2e-3))
        var (low, high) = (-5.0, 5.0)
        for _ in 0..<100 {
            let u = (low + high) / 2
            let slope = -(u - 0.8) / 0.49 - 1 + 2 / (1 + exp(-u))
            if slope > 0 { low = u } else { high = u }
        }
        #expect(isClose(Double(found.theta[1]), -1 + 4 / (1 + exp(-low)), absolute: 5e-3))
    }

    /// A logit-normal with s² > 2 and m = 0 piles up at both bounds: its density is infinite
    /// nowhere, highest near them, and theta stays inside.
    @Test func `theta stays inside the prior`() throws {
        let found = try maximum(
            normal(
                mean: [0],
                deviation: [6],
                prior: .boxUniform(lower: [2], upper: [3])
            )
        )
        #expect(found.theta[0] > 2 && found.theta[0] < 3)
        #expect(found.logProb.isFinite)
    }

    /// 0.7 N(0, 1) + 0.3 N(4, 0.2²): most draws lie in the broad component, the highest density,
    /// 0.3 / (0.2 √2π), in the narrow one, whose mode the other moves by less than 3e-5.
    @Test func `the highest of several modes is found`() throws {
        let architecture = EstimatorArchitecture.mixtureDensityNetwork(
            components: 2,
            hiddenFeatures: 1
        )
        let floor = 1e-4
        let plain = try architecture.trainable(
            prior: EstimatorCase.normal(1),
            standardization: Standardization(
                thetaScale: [1],
                thetaShift: [0],
                xMean: [0],
                xStandardDeviation: [1]
            )
        )
        let initial = try plain.posterior(parameters: plain.initialParameters(seed: 1))
        var tensors = initial.tensors
        for (name, tensor) in tensors
        where !name.hasPrefix("standardization") {
            tensors[name] = Tensor(
                shape: tensor.shape,
                values: Array(repeating: 0, count: tensor.values.count)
            )
        }
        tensors["logits.bias"] = Tensor(shape: [2], values: [Float(log(0.7)), Float(log(0.3))])
        tensors["means.bias"] = Tensor(shape: [2], values: [0, 4])
        tensors["diagonal.bias"] = Tensor(
            shape: [2],
            values: [Float(log(expm1(1 - floor))), Float(log(expm1(5 - floor)))]
        )
        let posterior = try Posterior(
            architecture: architecture,
            prior: EstimatorCase.normal(1),
            thetaDim: 1,
            xDim: 1,
            tensors: tensors
        )
        let found = try maximum(posterior)
        #expect(isClose(Double(found.theta[0]), 4, absolute: 1e-3))
        let peak = 0.3 / (0.2 * 2.506_628_274_631_000_5) + 0.7 * exp(-8) / 2.506_628_274_631_000_5
        #expect(isClose(Double(found.logProb), log(peak), absolute: 1e-3))
    }

    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim <= 4 })
    func `a maximum depends on its observation and seed alone, and no draw is higher`(
        test: EstimatorCase
    ) throws {
        let posterior = try test.posterior()
        let x = test.observations(3)
        func search(_ x: [Float], workers: Int) -> [PosteriorMaximum?] {
            posterior.maxima(given: x, seed: 5, candidates: 50, starts: 3, workers: workers)
        }
        let batch = search(x, workers: 3)
        let draws = posterior.sample(count: 50, given: x, seed: 5).theta
        let densities = posterior.logProb(draws, given: x)
        for row in 0..<3 {
            let own = Array(x[row * test.xDim..<(row + 1) * test.xDim])
            #expect(search(own, workers: 1) == [batch[row]])
            let found = try #require(batch[row])
            #expect(posterior.logProb(found.theta, given: own) == [found.logProb])
            let highest = densities[row * 50..<(row + 1) * 50].max() ?? 0
            // Single precision in unconstrained space and back.
            #expect(found.logProb >= highest - 1e-3 * max(1, abs(highest)))
        }
    }
}
