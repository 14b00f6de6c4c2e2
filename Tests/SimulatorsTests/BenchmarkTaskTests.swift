import Distributions
import Kernels
import Simulators
import Testing

/// The laws every task keeps.
@Suite struct BenchmarkTaskTests {
    static let names = BenchmarkTasks.all.map(\.name)
    static let namesWithReference = BenchmarkTasks.all.filter { $0.reference != nil }.map(\.name)

    static func task(_ name: String) throws -> BenchmarkTask {
        try #require(BenchmarkTasks.named(name))
    }

    @Test func `the tasks have the names the commands use`() {
        #expect(
            Self.names == [
                "linear_gaussian", "lotka_volterra_series", "sir_series", "spatial_sir",
                "hodgkin_huxley", "digits_vae", "gaussian_linear", "gaussian_linear_uniform",
                "slcp", "slcp_distractors", "bernoulli_glm", "bernoulli_glm_raw",
                "gaussian_mixture", "two_moons", "sir", "lotka_volterra",
            ]
        )
        #expect(Self.namesWithReference == ["linear_gaussian", "gaussian_linear", "two_moons"])
        #expect(BenchmarkTasks.named("two-moons") == nil)
    }

    @Test(arguments: names)
    func `a batch is its rows one by one`(name: String) throws {
        let task = try Self.task(name)
        let batch = try task.simulate(rows: 5..<70, seed: 3)
        var theta: [Float] = []
        var x: [Float] = []
        for row in 5..<70 {
            let single = try task.simulate(rows: row..<row + 1, seed: 3)
            #expect(single.count == 1)
            theta += single.theta
            x += single.x
        }
        #expect(batch.theta == theta)
        #expect(batch.x == x)
    }

    @Test(arguments: names)
    func `the rows do not depend on the number of workers`(name: String) throws {
        let task = try Self.task(name)
        let alone = try task.simulate(rows: 0..<5001, seed: 4, workers: 1)
        #expect(alone.count == 5001)
        for workers in [2, 3, 8] {
            #expect(try task.simulate(rows: 0..<5001, seed: 4, workers: workers) == alone)
        }
    }

    @Test(arguments: names)
    func `another seed gives other rows`(name: String) throws {
        let task = try Self.task(name)
        let first = try task.simulate(rows: 0..<100, seed: 1)
        let second = try task.simulate(rows: 0..<100, seed: 2)
        #expect(zip(first.theta, second.theta).allSatisfy { $0 != $1 })
        // Some tasks count, and counts may coincide.
        let changed = zip(first.x, second.x).count { $0 != $1 }
        #expect(changed > first.x.count / 4)
    }

    @Test(arguments: names)
    func `theta lies inside the prior and x is finite`(name: String) throws {
        let task = try Self.task(name)
        let rows = try task.simulate(rows: 0..<10_000, seed: 5)
        let transforms = task.prior.supportTransforms
        for (index, value) in rows.theta.enumerated() {
            #expect(transforms[index % task.thetaDim].contains(Double(value)))
        }
        #expect(rows.x.allSatisfy { $0.isFinite })
        #expect(rows.theta.count == 10_000 * task.thetaDim)
        #expect(rows.x.count == 10_000 * task.xDim)
    }

    @Test(arguments: names)
    func `the example observation has the task's shape and never changes`(name: String) throws {
        let task = try Self.task(name)
        let example = try task.exampleObservation()
        #expect(example.count == task.xDim)
        #expect(try task.exampleObservation() == example)
        #expect(task.thetaNames.count == task.thetaDim)
        #expect(task.xShape.reduce(1, *) == task.xDim)
        #expect(task.xNames == nil || task.xNames?.count == task.xDim)
        #expect(task.xUnits == nil || task.xUnits?.count == task.xDim)
        #expect(task.thetaUnits == nil || task.thetaUnits?.count == task.thetaDim)
    }

    @Test(arguments: namesWithReference)
    func `draws of the exact posterior have its mean, variance and entropy`(name: String) throws {
        let task = try Self.task(name)
        let reference = try #require(task.reference)
        let observation = try task.exampleObservation().map(Double.init)
        let posterior = try reference.posterior(given: observation)
        var stream = RandomStream(seed: 6)
        let count = 20_000
        let draws = (0..<count).map { _ in posterior.sample(using: &stream) }
        for index in 0..<task.thetaDim {
            let values = draws.map { $0[index] }
            let mean = values.reduce(0, +) / Double(count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
            let deviation = posterior.standardDeviation[index]
            // Five standard errors, and what the two moons' quadrature leaves.
            #expect(abs(mean - posterior.mean[index]) < 5 * deviation / 141 + 2e-3)
            #expect(abs(variance / posterior.variance[index] - 1) < 0.06)
        }
    }

    /// Simulation-based calibration in one number: a posterior that is right gives the pairs it
    /// is asked about the loss it gives to its own draws.
    @Test(arguments: namesWithReference)
    func `the exact posterior gives pairs the loss it gives its own draws`(name: String) throws {
        let task = try Self.task(name)
        let reference = try #require(task.reference)
        let rows = try task.simulate(rows: 0..<4000, seed: 7)
        let losses = try #require(try task.referenceLosses(of: rows, workers: 2))
        #expect(losses == (try task.referenceLosses(of: rows)))
        #expect(losses.count == rows.count)
        var differences: [Double] = []
        for row in 0..<rows.count {
            let x = rows.x[row * task.xDim..<(row + 1) * task.xDim].map(Double.init)
            let posterior = try reference.posterior(given: x)
            var stream = RandomStream(seed: 8, stream: UInt64(row))
            let draw = posterior.sample(using: &stream)
            differences.append(losses[row] + posterior.logDensity(of: draw))
        }
        let mean = differences.reduce(0, +) / Double(rows.count)
        let squares = differences.reduce(0) { $0 + $1 * $1 }
        // Four standard errors.
        #expect(abs(mean) < 4 * squares.squareRoot() / Double(rows.count))
        if let optimum = reference.optimalLoss {
            let loss = losses.reduce(0, +) / Double(rows.count)
            #expect(abs(loss - optimum) < 4 * squares.squareRoot() / Double(rows.count))
        }
    }
}
