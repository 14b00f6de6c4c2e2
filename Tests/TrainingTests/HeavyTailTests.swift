import Estimators
import Simulators
import Testing

/// Which entries of the tasks' x are seen on a logarithmic scale.
@Suite struct HeavyTailTests {
    private static func units(_ task: BenchmarkTask, rows: Int = 1000) throws -> [Float]? {
        let simulations = try task.simulate(rows: 0..<rows, seed: 3, workers: 2)
        return LogarithmicScale(
            x: simulations.x,
            rows: Array(0..<rows)[...],
            xDim: simulations.xDim
        )?.units
    }

    @Test(arguments: [BenchmarkTask.sir, .lotkaVolterra])
    func `counts and populations are seen logarithmically`(task: BenchmarkTask) throws {
        let units = try #require(try Self.units(task))
        #expect(units.count { $0 > 0 } > task.xDim / 2)
    }

    @Test(arguments: [
        BenchmarkTask.slcp, .twoMoons, .gaussianLinear, .gaussianLinearUniform, .gaussianMixture,
        .linearGaussian, .bernoulliGLM,
    ])
    func `what has a place on the line is seen as it is`(task: BenchmarkTask) throws {
        #expect(try Self.units(task, rows: 10_000) == nil)
    }
}
