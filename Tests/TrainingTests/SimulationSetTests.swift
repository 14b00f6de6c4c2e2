import Distributions
import Simulators
import Testing
import Training

@Suite struct SimulationSetTests {
    static let box = DistributionDescription.boxUniform(lower: [0], upper: [1])

    @Test func `rows that cannot be used are left out and counted`() throws {
        let rows = Simulations(
            theta: [0.5, 0.25, 0.75, 2, .nan, 0.125, 1],
            x: [1, 2, .nan, 4, 5, .infinity, 7, 8, 9, 10, 11, 12, 13, 14],
            thetaDim: 1,
            xDim: 2
        )
        let data = try SimulationSet(rows, prior: Self.box)
        // Row 1 has a NaN, row 2 an infinity, rows 3 and 4 no theta of the prior.
        #expect(data.refusedCount == 4)
        #expect(data.count == 3)
        #expect(data.x == [1, 2, 11, 12, 13, 14])
        // The bound moves inside.
        #expect(data.theta == [0.5, 0.125, Float(1).nextDown])
    }

    @Test func `fewer than two usable rows are refused`() {
        let rows = Simulations(theta: [0.5, 3], x: [1, 2], thetaDim: 1, xDim: 1)
        #expect(throws: TrainingError.tooFewRows(usable: 1, refused: 1)) {
            _ = try SimulationSet(rows, prior: Self.box)
        }
    }

    @Test func `a prior that does not fit is refused`() {
        let rows = Simulations(theta: [0.5, 0.5], x: [1, 2], thetaDim: 1, xDim: 1)
        let square = DistributionDescription.boxUniform(lower: [0, 0], upper: [1, 1])
        #expect(throws: TrainingError.priorDimension(expected: 1, found: 2)) {
            _ = try SimulationSet(rows, prior: square)
        }
        #expect(throws: TrainingError.self) {
            _ = try SimulationSet(rows, prior: .boxUniform(lower: [1], upper: [0]))
        }
    }

    @Test func `the data scale is the mean deviation across the entries of a row`() throws {
        let rows = Simulations(
            theta: [0.5, 0.5],
            x: [1, 3, 5, 0, 0, 3],
            thetaDim: 1,
            xDim: 3
        )
        let data = try SimulationSet(rows, prior: Self.box)
        #expect(abs(data.dataScale - (2 + 3.0.squareRoot()) / 2) < 1e-12)
        let narrow = Simulations(theta: [0.5, 0.5, 0.5], x: [1, 3, 5], thetaDim: 1, xDim: 1)
        #expect(try SimulationSet(narrow, prior: Self.box).dataScale == 2)
    }

    @Test func `the digest changes with any value`() throws {
        let task = BenchmarkTask.twoMoons
        let rows = try task.simulate(rows: 0..<50, seed: 1)
        let digest = try SimulationSet(rows, prior: task.prior).digest
        #expect(try SimulationSet(rows, prior: task.prior).digest == digest)
        for index in rows.x.indices {
            var x = rows.x
            x[index] = x[index].nextUp
            let other = Simulations(theta: rows.theta, x: x, thetaDim: 2, xDim: 2)
            #expect(try SimulationSet(other, prior: task.prior).digest != digest)
        }
    }
}

@Suite struct DataSplitTests {
    @Test(arguments: [(2, 1), (3, 1), (10, 1), (100, 5), (1001, 50)])
    func `every row trains or judges, never both`(count: Int, heldOut: Int) {
        let split = DataSplit(count: count, validationFraction: 0.05, seed: 3)
        #expect(split.validation.count == heldOut)
        #expect((split.training + split.validation).sorted() == Array(0..<count))
        #expect(DataSplit(count: count, validationFraction: 0.05, seed: 3) == split)
    }

    @Test func `another seed holds out other rows`() {
        let first = DataSplit(count: 1000, validationFraction: 0.1, seed: 1)
        #expect(DataSplit(count: 1000, validationFraction: 0.1, seed: 2) != first)
        #expect(DataSplit(count: 10, validationFraction: 0.99, seed: 2).training.count == 1)
    }

    @Test func `every purpose has a seed of its own`() {
        let seeds = SeedPurpose.allCases.map { $0.seed(of: 1) } + [1]
        #expect(Set(seeds).count == seeds.count)
    }
}
