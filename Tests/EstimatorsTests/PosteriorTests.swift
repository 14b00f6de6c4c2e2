import Distributions
import Estimators
import TestSupport
import Testing

/// Laws every estimator obeys.
@Suite struct PosteriorTests {
    @Test(arguments: EstimatorCase.all)
    func `a draw depends on weights, observation, seed and index alone`(
        test: EstimatorCase
    ) throws {
        let posterior = try test.posterior()
        let x = test.observations(5)
        let first = Array(x.prefix(test.xDim))
        let whole = posterior.sample(count: 1000, given: first, seed: 7, workers: 1).theta
        for (count, workers) in [(1, 1), (7, 2), (23, 1), (24, 2), (100, 3), (1000, 2)] {
            let draws = posterior.sample(count: count, given: first, seed: 7, workers: workers)
            #expect(draws.theta == Array(whole.prefix(count * test.thetaDim)))
            let batch = posterior.sample(count: count, given: x, seed: 7, workers: workers)
            #expect(Array(batch.theta.prefix(count * test.thetaDim)) == draws.theta)
            let withLogProb = posterior.sample(
                count: count,
                given: first,
                seed: 7,
                withLogProb: true,
                workers: workers
            )
            #expect(withLogProb.theta == draws.theta)
        }
        let other = posterior.sample(count: 10, given: first, seed: 8).theta
        #expect(other != Array(whole.prefix(10 * test.thetaDim)))
        let nearby = posterior.sample(count: 1, given: x, seed: 7).theta
        #expect(Set(nearby).count == nearby.count, "observations share noise")
    }

    @Test(arguments: EstimatorCase.all)
    func `log densities do not depend on the batch`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let x = test.observations(40)
        let theta = posterior.sample(count: 30, given: x, seed: 1).theta
        let whole = posterior.logProb(theta, given: x, workers: 2)
        let width = 30 * test.thetaDim
        for row in [0, 17, 39] {
            let own = Array(theta[(row * width)..<((row + 1) * width)])
            let observation = Array(x[(row * test.xDim)..<((row + 1) * test.xDim)])
            let alone = posterior.logProb(own, given: observation)
            #expect(alone == Array(whole[(row * 30)..<((row + 1) * 30)]))
            let one = posterior.logProb(Array(own.prefix(test.thetaDim)), given: observation)
            #expect(one == Array(alone.prefix(1)))
        }
    }

    @Test(arguments: EstimatorCase.all)
    func `the density of a draw is that of its theta`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let x = test.observations(3)
        let draws = posterior.sample(count: 200, given: x, seed: 3, withLogProb: true)
        let again = posterior.logProb(draws.theta, given: x)
        let supports = test.prior.supportTransforms
        for (sample, (own, other)) in zip(try #require(draws.logProb), again).enumerated() {
            // Single precision resolves theta only coarsely in unconstrained space at a bound.
            let isResolved = supports.indices.allSatisfy { dimension in
                let theta = Double(draws.theta[sample * test.thetaDim + dimension])
                switch supports[dimension] {
                case .interval(let lower, let upper):
                    return min(theta - lower, upper - theta) > 0.02 * (upper - lower)
                case .above(let lower): return theta - lower > 1e-3 * abs(lower)
                case .below(let upper): return upper - theta > 1e-3 * abs(upper)
                case .logInterval(let lower, let upper):
                    return min(theta / lower, upper / theta) > 1.02
                case .identity, .positive: return true
                }
            }
            guard isResolved else { continue }
            #expect(isClose(Double(own), Double(other), absolute: 2e-3, relative: 1e-4))
        }
    }

    @Test(arguments: EstimatorCase.all)
    func `draws lie strictly inside the prior's support`(test: EstimatorCase) throws {
        // Wide weights push draws against the bounds.
        let posterior = try test.posterior(jitter: 1)
        let theta = posterior.sample(count: 5000, given: test.observations(4), seed: 3).theta
        let supports = test.prior.supportTransforms
        for (place, value) in theta.enumerated() {
            #expect(supports[place % test.thetaDim].contains(Double(value)))
        }
    }

    @Test func `the density is zero outside the prior's support`() throws {
        let test = try #require(EstimatorCase.all.first { $0.name == "maf, mixed prior" })
        let posterior = try test.posterior()
        let x = test.observations(1)
        let inside: [Float] = [0, 1, 0, 0.2]
        #expect(posterior.logProb(inside, given: x)[0].isFinite)
        for (dimension, value) in [(0, -2), (0, 5.5), (1, 0), (1, -1), (3, 0.31), (3, 0.05)] {
            var theta = inside
            theta[dimension] = Float(value)
            #expect(posterior.logProb(theta, given: x) == [-.infinity])
        }
        #expect(posterior.logProb([0, .nan, 0, 0.2], given: x)[0].isNaN)
    }

    @Test(arguments: EstimatorCase.all)
    func `the tensors of a posterior make the same posterior`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let copy = try Posterior(
            architecture: posterior.architecture,
            prior: posterior.prior,
            thetaDim: posterior.thetaDim,
            xDim: posterior.xDim,
            tensors: posterior.tensors
        )
        let x = test.observations(2)
        #expect(
            copy.sample(count: 50, given: x, seed: 1)
                == posterior.sample(count: 50, given: x, seed: 1)
        )
        #expect(copy.tensors == posterior.tensors)
    }

    @Test func `tensors that do not fit are refused by name`() throws {
        let test = try #require(EstimatorCase.all.first { $0.name == "maf, 2" })
        let posterior = try test.posterior()
        func build(_ change: (inout [String: Tensor]) -> Void) throws {
            var tensors = posterior.tensors
            change(&tensors)
            _ = try Posterior(
                architecture: posterior.architecture,
                prior: posterior.prior,
                thetaDim: posterior.thetaDim,
                xDim: posterior.xDim,
                tensors: tensors
            )
        }
        let name = "transforms.2.final.weight"
        #expect(throws: EstimatorError.missingTensor(name: name)) {
            try build { $0[name] = nil }
        }
        #expect(throws: EstimatorError.wrongShape(name: name, expected: [4, 14], found: [1])) {
            try build { $0[name] = Tensor(shape: [1], values: [0]) }
        }
        #expect(throws: EstimatorError.nonFiniteWeight(tensor: name, index: 3)) {
            try build { tensors in
                var values = tensors[name]?.values ?? []
                values[3] = .nan
                tensors[name] = Tensor(shape: [4, 14], values: values)
            }
        }
        #expect(throws: EstimatorError.unexpectedTensor(name: "extra")) {
            try build { $0["extra"] = Tensor(shape: [1], values: [0]) }
        }
        #expect(throws: EstimatorError.self) {
            try build { $0["standardization.theta_scale"] = Tensor(shape: [2], values: [1, 0]) }
        }
    }
}
