import Autodiff
import Kernels
import TestSupport
import Testing

/// Rates, stages and batches.
@Suite struct LaneEvaluatorTests {
    /// y = tanh(W x + θ) with x per observation; a value that crosses from stage to stage.
    private static func program() -> (LaneProgram, LaneValue) {
        var layout = ParameterLayout()
        let weight = layout.addMatrix("weight", rows: 6, columns: 4)
        let bias = layout.addVector("bias", count: 6)
        var program = LaneProgram(layout: layout)
        let theta = program.input(6, rate: .sample)
        let x = program.input(4, rate: .observation)
        let context = program.apply(
            .sigmoid,
            program.linear(weight, x, adding: program.parameters(bias))
        )
        let both = program.multiply(program.add(theta, context), context)
        let y = program.concatenate([program.apply(.tanh, both), program.slice(context, 2..<5)])
        return (program, y)
    }

    @Test(arguments: [(1, 1), (3, 1), (1, 23), (1, 24), (5, 24), (2, 300), (300, 30)])
    func `every observation and sample agrees with the reference`(
        observations: Int,
        samples: Int
    ) {
        let (program, y) = Self.program()
        let parameters = randomParameters(program.layout, seed: 5)
        var stream = RandomStream(seed: 7)
        let theta = (0..<(observations * samples * 6)).map { _ in Float(stream.normal()) }
        let x = (0..<(observations * 4)).map { _ in Float(stream.normal()) }
        let evaluator = LaneEvaluator(program, outputs: [y])
        let results = [1, 2, 5].map { workers in
            evaluator.evaluate(
                parameters: parameters,
                observations: observations,
                samples: samples,
                sources: [.rows(theta), .rows(x)],
                workers: workers
            )
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
        for row in stride(from: 0, to: observations * samples, by: 11) {
            let observation = row / samples
            let reference = ReferenceEvaluator(
                program,
                parameters: parameters.map(Double.init),
                inputs: [
                    theta[(row * 6)..<(row * 6 + 6)].map(Double.init),
                    x[(observation * 4)..<(observation * 4 + 4)].map(Double.init),
                ]
            )
            let lanes = results[0][(row * 9)..<(row * 9 + 9)].map(Double.init)
            #expect(greatestDifference(lanes, reference.value(y)) < 1e-6)
        }
    }

    @Test func `a batch of n is n batches of one`() {
        let (program, y) = Self.program()
        let parameters = randomParameters(program.layout, seed: 5)
        var stream = RandomStream(seed: 8)
        let count = 50
        let theta = (0..<(count * 6)).map { _ in Float(stream.normal()) }
        let x = (0..<(count * 4)).map { _ in Float(stream.normal()) }
        let evaluator = LaneEvaluator(program, outputs: [y])
        func evaluate(_ rows: Range<Int>) -> [Float] {
            evaluator.evaluate(
                parameters: parameters,
                observations: rows.count,
                samples: 1,
                sources: [
                    .rows(Array(theta[(rows.lowerBound * 6)..<(rows.upperBound * 6)])),
                    .rows(Array(x[(rows.lowerBound * 4)..<(rows.upperBound * 4)])),
                ],
                workers: 1
            )
        }
        #expect(evaluate(0..<count) == (0..<count).flatMap { evaluate($0..<($0 + 1)) })
    }

    @Test func `selected rows are the rows`() {
        let (program, y) = Self.program()
        let parameters = randomParameters(program.layout, seed: 5)
        var stream = RandomStream(seed: 9)
        let theta = (0..<60).map { _ in Float(stream.normal()) }
        let x = (0..<40).map { _ in Float(stream.normal()) }
        let rows = [7, 2, 2, 9]
        let evaluator = LaneEvaluator(program, outputs: [y])
        let selected = evaluator.evaluate(
            parameters: parameters,
            observations: 4,
            samples: 1,
            sources: [.selected(theta, rows: rows[...]), .selected(x, rows: rows[...])],
            workers: 1
        )
        let all = evaluator.evaluate(
            parameters: parameters,
            observations: 10,
            samples: 1,
            sources: [.rows(theta), .rows(x)],
            workers: 1
        )
        #expect(selected == rows.flatMap { Array(all[($0 * 9)..<($0 * 9 + 9)]) })
    }

    @Test func `nothing in, nothing out`() {
        let (program, y) = Self.program()
        let evaluator = LaneEvaluator(program, outputs: [y])
        let result = evaluator.evaluate(
            parameters: randomParameters(program.layout, seed: 5),
            observations: 0,
            samples: 4,
            sources: [.rows([]), .rows([])],
            workers: 2
        )
        #expect(result.isEmpty)
    }
}
