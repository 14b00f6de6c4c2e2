import Autodiff
import Distributions
import Estimators
import Kernels
import TestSupport
import Testing

/// Densities, draws and derivatives of the estimators.
@Suite struct DensityTests {
    /// The rectangle rule on a grid wide enough for 1e-4 of mass outside it; for a smooth density
    /// that vanishes at the ends its error is far below the tolerance.
    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim == 1 })
    func `the density integrates to one in one dimension`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let count = 20_001
        let grid = (0..<count).map { Float($0) / Float(count - 1) * 60 - 30 }
        let step = 60.0 / Double(count - 1)
        let x = test.observations(1)
        let total = posterior.logProb(grid, given: x).reduce(0.0) { $0 + exponential($1) * step }
        #expect(isClose(total, 1, absolute: 1e-4))
    }

    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim == 2 })
    func `the density integrates to one in two dimensions`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let count = 1201
        let axis = (0..<count).map { Float($0) / Float(count - 1) * 60 - 30 }
        let cell = (60.0 / Double(count - 1)) * (60.0 / Double(count - 1))
        let x = test.observations(1)
        let total = axis.reduce(0.0) { sum, first in
            let theta = axis.flatMap { [first, $0] }
            return posterior.logProb(theta, given: x).reduce(sum) { $0 + exponential($1) * cell }
        }
        // The slope of a spline flow jumps at its knots, which the rule sees.
        #expect(isClose(total, 1, absolute: test.name.hasPrefix("nsf") ? 5e-4 : 1e-4))
    }

    /// E[θ] and E[θ²] of draws against integrals of the density: z-tests at five standard errors.
    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim == 1 })
    func `draws agree with the density in one dimension`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        let x = test.observations(1)
        let count = 20_001
        let grid = (0..<count).map { Float($0) / Float(count - 1) * 60 - 30 }
        let mass = posterior.logProb(grid, given: x)
            .map { exponential($0) * 60 / Double(count - 1) }
        var cumulative: [Double] = []
        var sum = 0.0
        for weight in mass {
            sum += weight
            cumulative.append(sum)
        }
        let draws = posterior.sample(count: 100_000, given: x, seed: 5, workers: 2).theta
        let statistics = SampleStatistics(draws.map(Double.init))
        let distance = statistics.kolmogorovSmirnov { value in
            let place = (value + 30) / 60 * Double(count - 1)
            let below = min(max(Int(place), 0), count - 2)
            // Half a cell of the rectangle rule lies on either side of a grid point.
            let fraction = place - Double(below)
            return cumulative[below] - mass[below] / 2
                + fraction * (mass[below] + mass[below + 1]) / 2
        }
        #expect(distance < 2.2)
    }

    /// The forward map takes a draw back to its noise; tails are normals times two.
    @Test(arguments: EstimatorCase.all.filter { $0.architecture.isFlow && $0.thetaDim != 4 })
    func `forward after inverse is the identity`(test: EstimatorCase) throws {
        let posterior = try test.posterior()
        var stream = RandomStream(seed: 31)
        let rows = 500_000
        let x = test.observations(1)
        for scale in [1, 2] {
            let noise = (0..<(rows * test.thetaDim)).map { _ in
                Float(stream.normal() * Double(scale))
            }
            let theta = posterior.sample(fromNormals: noise, uniforms: [], given: x)
            let back = posterior.base(of: theta, given: x)
            let worst = zip(noise, back).reduce(Float(0)) { worst, pair in
                max(worst, abs(pair.0 - pair.1) / max(1, abs(pair.0)))
            }
            #expect(worst < 1e-4, "noise times \(scale)")
        }
    }

    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim <= 4 && !$0.isMixedSpline })
    func `derivatives by theta agree with differences`(test: EstimatorCase) throws {
        checkDerivatives(try test.programCase(byObservation: false))
    }

    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim <= 4 && !$0.isMixedSpline })
    func `derivatives by the observation agree with differences`(test: EstimatorCase) throws {
        checkDerivatives(try test.programCase(byObservation: true))
    }

    /// The path of a draw through noise, weights of parts included, to second order.
    @Test(arguments: EstimatorCase.all.filter { $0.thetaDim <= 4 && !$0.isMixedSpline })
    func `derivatives of divergences agree with differences`(test: EstimatorCase) throws {
        guard let divergence = try test.divergenceCase() else { return }
        checkDerivatives(divergence)
    }

    @Test(arguments: EstimatorCase.all.filter { !$0.isMixedSpline })
    func `parameter gradients agree with differences`(test: EstimatorCase) throws {
        let bends = test.name.hasPrefix("nsf")
        try checkParameterGradient(
            test.programCase(byObservation: true),
            tolerance: bends ? 1e-3 : 2e-5
        )
    }

    /// z = 2u − 1 and 0.5u + 3: a normal density in closed form.
    @Test func `an elementwise affine flow is a normal`() throws {
        let flow = EstimatorArchitecture.flow(FlowArchitecture(transforms: [.elementwiseAffine]))
        func build(scale: [Float]) throws -> Posterior {
            try Posterior(
                architecture: flow,
                prior: EstimatorCase.normal(2),
                thetaDim: 2,
                xDim: 1,
                tensors: [
                    "transforms.0.scale": Tensor(shape: [2], values: scale),
                    "transforms.0.shift": Tensor(shape: [2], values: [-1, 3]),
                    "standardization.theta_scale": Tensor(shape: [2], values: [1, 1]),
                    "standardization.theta_shift": Tensor(shape: [2], values: [0, 0]),
                    "standardization.x_mean": Tensor(shape: [1], values: [0]),
                    "standardization.x_standard_deviation": Tensor(shape: [1], values: [1]),
                ]
            )
        }
        let posterior = try build(scale: [2, 0.5])
        // −½(0² + 1²) − log 2π + log(2 · 0.5).
        let logProb = posterior.logProb([0.5, -4], given: [0])[0]
        #expect(isClose(Double(logProb), -0.5 - 1.837_877_066_409_345_5, absolute: 1e-6))
        #expect(posterior.sample(fromNormals: [0, 1], uniforms: [], given: [0]) == [0.5, -4])
        #expect(throws: EstimatorError.nonPositiveWeight(tensor: "transforms.0.scale", index: 1)) {
            try build(scale: [1, -1])
        }
    }

    /// At knots, at the bound and its neighbours, and far beyond: the base is finite, the map is
    /// monotone, and draws come back.
    @Test(arguments: [1, 3])
    func `splines are finite everywhere`(dimension: Int) throws {
        for test in EstimatorCase.all
        where test.name.hasPrefix("nsf") && test.thetaDim == dimension {
            for jitter in [Float(0), 0.5, 3, 30] {
                let posterior = try test.posterior(jitter: jitter)
                let x = test.observations(1)
                var values: [Float] = [0, -0.0, 1e-30, 1e-7, 1e7, 1e18]
                for bound in [Float(3), 5] {
                    values += [bound.nextDown, bound, bound.nextUp, bound - 1e-5, bound + 1e-5]
                }
                values += (0..<4000).map { Float($0) / 4000 * 12 - 6 }
                values += values.map { -$0 }
                let noise = values.flatMap { Array(repeating: $0, count: dimension) }
                let theta = posterior.sample(fromNormals: noise, uniforms: [], given: x)
                #expect(theta.allSatisfy { !$0.isNaN })
                let finite = values.filter { abs($0) < 1e9 }
                    .flatMap { Array(repeating: $0, count: dimension) }
                #expect(posterior.logProb(finite, given: x).allSatisfy { $0.isFinite })
                #expect(posterior.base(of: finite, given: x).allSatisfy { $0.isFinite })
            }
        }
    }
}

private func exponential(_ x: Float) -> Double {
    UnaryFunction.exp.naive(Double(x))
}
