import Foundation
import Robustness
import Testing

/// Samples that Tests/Reference/classifier_two_sample_test.py draws as well.
struct TwoSamples: Sendable {
    /// The state of a linear congruential generator (Knuth's MMIX).
    private var state: UInt64

    private mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Double(state >> 11) + 0.5) * 0x1p-53
    }

    private mutating func normal() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// `count` normal rows.
    private mutating func normals(_ count: Int, dimension: Int) -> [[Double]] {
        (0..<count).map { _ in (0..<dimension).map { _ in normal() } }
    }

    /// Two samples of a case, by its name, `[1500, D]` each.
    static func named(_ name: String) -> (first: [Float], second: [Float], dimension: Int) {
        var source = TwoSamples(state: 42)
        let dimension = name == "shifted" ? 5 : 2
        let first = source.normals(1500, dimension: dimension)
        let second = source.normals(1500, dimension: dimension).map { row in
            switch name {
            case "shifted": row.map { $0 + 0.25 }
            case "wider": row.map { $0 * 1.5 }
            case "correlated": [row[0], 0.8 * row[0] + 0.6 * row[1]]
            case "ring":
                row.map { $0 / (row[0] * row[0] + row[1] * row[1]).squareRoot() }
            default: row
            }
        }
        // Off-centre and of unequal scales, which standardisation takes away.
        func flat(_ rows: [[Double]]) -> [Float] {
            rows.flatMap { row in row.indices.map { Float(row[$0] * Double($0 + 1) - 3) } }
        }
        return (flat(first), flat(second), dimension)
    }
}

@Suite struct ClassifierTwoSampleTestTests {
    /// Accuracies by sbibm's metric with scikit-learn 1.9.1, the mean of three seeds, from
    /// Tests/Reference/classifier_two_sample_test.py.
    @Test(arguments: [
        ("same", 0.5036), ("shifted", 0.5658), ("wider", 0.6423), ("correlated", 0.6858),
        ("ring", 0.9736),
    ])
    func `the accuracy is scikit-learn's`(name: String, expected: Double) {
        let samples = TwoSamples.named(name)
        let accuracies = (1...3).map { seed in
            var test = ClassifierTwoSampleTest()
            test.seed = UInt64(seed)
            return test.accuracy(
                samples.first,
                samples.second,
                dimension: samples.dimension,
                workers: 2
            )
        }
        let mean = accuracies.reduce(0, +) / 3
        // Seeds differ by about 0.006.
        #expect(abs(mean - expected) < 0.012, "\(accuracies)")
    }

    @Test func `the accuracy does not depend on the number of workers`() {
        let samples = TwoSamples.named("wider")
        var test = ClassifierTwoSampleTest()
        test.epochLimit = 5
        func accuracy(workers: Int) -> Double {
            test.accuracy(
                samples.first,
                samples.second,
                dimension: samples.dimension,
                workers: workers
            )
        }
        #expect(accuracy(workers: 1) == accuracy(workers: 3))
    }

    @Test func `unequal sizes, rests of folds and constant entries are fine`() {
        let first: [Float] = (0..<101).flatMap { index -> [Float] in [Float(index % 7), 5] }
        let second: [Float] = (0..<52).flatMap { index -> [Float] in [Float(index % 7) + 20, 5] }
        let accuracy = ClassifierTwoSampleTest().accuracy(first, second, dimension: 2)
        #expect(accuracy > 0.99)
    }
}
