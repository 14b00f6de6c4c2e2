import Foundation
import Kernels
import TestSupport
import Testing

/// Elementary functions in lanes against Double, over all of single precision.
@Suite struct UnaryFunctionTests {
    static let functions: [UnaryFunction] = [
        .exp, .log, .tanh, .sigmoid, .softplus, .squareRoot,
    ]

    /// Applies a function to any number of values, a row of 64 lanes at a time.
    static func apply(
        _ function: UnaryFunction,
        _ values: [Float],
        width: LaneWidth = .widest
    ) -> [Float] {
        let tape = LaneTape(
            instructions: [.unary(function, target: 1, source: 0, count: 1)],
            tiles: [],
            indices: [],
            terms: [],
            literals: [],
            rows: 2,
            parameterCount: 0,
            observationScalars: 0
        )
        var memory = LaneMemory(rows: 2, maximumLanes: 64)
        memory.width = width
        var results: [Float] = []
        results.reserveCapacity(values.count)
        var gradient: [SIMD8<Float>] = []
        for start in stride(from: 0, to: values.count, by: 64) {
            let count = min(64, values.count - start)
            memory.setLanes(count)
            memory.load(into: 0, width: 1, from: values, laneCount: count) { start + $0 }
            memory.execute(
                tape,
                parameters: [],
                observation: [],
                observationOffset: 0,
                gradient: &gradient
            )
            for lane in 0..<count { results.append(memory[1, lane]) }
        }
        return results
    }

    /// Every 4093rd bit pattern: both signs, all exponents, denormals, infinities and NaN.
    @Test(arguments: functions)
    func `errors stay within the stated bound over the full range`(function: UnaryFunction) {
        let inputs = stride(from: UInt32(0), through: .max - 4093, by: 4093)
            .map { Float(bitPattern: $0) }
        var worst = (error: 0.0, input: Float.zero)
        for (input, result) in zip(inputs, Self.apply(function, inputs)) {
            let error = ulpError(result, exact: function.naive(Double(input)))
            if error > worst.error { worst = (error, input) }
        }
        #expect(worst.error <= function.errorBoundULP, "\(function) at \(worst.input)")
    }

    /// Every 65,537th bit pattern, eight lanes at a time against sixteen.
    @Test(.enabled(if: LaneWidth.widest != .eight), arguments: UnaryFunction.allCases)
    func `vectors of every width give the same bits`(function: UnaryFunction) {
        let inputs = stride(from: UInt32(0), through: .max - 65_537, by: 65_537)
            .map { Float(bitPattern: $0) }
        let narrow = Self.apply(function, inputs, width: .eight).map(\.bitPattern)
        let wide = Self.apply(function, inputs, width: .widest).map(\.bitPattern)
        #expect(narrow == wide)
    }

    /// Ordinary arguments, where most of the work is, a thousand times as densely.
    @Test(arguments: functions)
    func `errors stay within the stated bound near zero`(function: UnaryFunction) {
        var inputs = (0..<400_000).map { Float($0) / 400_000 * 24 - 12 }
        inputs += stride(from: UInt32(0x3f00_0000), to: 0x4000_0000, by: 97)
            .map { Float(bitPattern: $0) }
        var worst = (error: 0.0, input: Float.zero)
        for (input, result) in zip(inputs, Self.apply(function, inputs)) {
            let error = ulpError(result, exact: function.naive(Double(input)))
            if error > worst.error { worst = (error, input) }
        }
        #expect(worst.error <= function.errorBoundULP, "\(function) at \(worst.input)")
    }

    /// Golden values of Tests/Reference/elementary_functions.py.
    @Test func `golden values of mpmath are met`() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/elementary_functions.csv")
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        let rows = try lines.dropFirst().map { line in
            let fields = line.split(separator: ",")
            let bits = try #require(UInt32(fields[0], radix: 16))
            let values = try fields.dropFirst().map { try #require(Double($0)) }
            return (input: Float(bitPattern: bits), values: values)
        }
        #expect(rows.count > 1000)
        // The square root is the processor's own, and Double's root is exact enough.
        for (column, function) in Self.functions.dropLast().enumerated() {
            let results = Self.apply(function, rows.map(\.input))
            for (row, result) in zip(rows, results) {
                let error = ulpError(result, exact: row.values[column])
                #expect(error <= function.errorBoundULP, "\(function) at \(row.input)")
            }
        }
    }

    @Test func `zeros, infinities and NaN go where they should`() {
        let inputs: [Float] = [0, -0.0, .infinity, -.infinity, .nan]
        let expected: [(UnaryFunction, [Float])] = [
            (.exp, [1, 1, .infinity, 0, .nan]),
            (.log, [-.infinity, -.infinity, .infinity, .nan, .nan]),
            (.tanh, [0, -0.0, 1, -1, .nan]),
            (.sigmoid, [0.5, 0.5, 1, 0, .nan]),
            (.squareRoot, [0, -0.0, .infinity, .nan, .nan]),
            (.step, [0, 0, 1, 0, 0]),
        ]
        for (function, values) in expected {
            for (result, value) in zip(Self.apply(function, inputs), values) {
                #expect(
                    result.bitPattern == value.bitPattern || (result.isNaN && value.isNaN),
                    "\(function) gave \(result) for \(value)"
                )
            }
        }
        let softplus = Self.apply(.softplus, inputs)
        #expect(softplus[2] == .infinity && softplus[3] == 0 && softplus[4].isNaN)
    }
}
