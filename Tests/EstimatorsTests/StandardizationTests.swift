import Distributions
import Estimators
import Foundation
import Testing

@Suite struct StandardizationTests {
    static func table(_ row: Int, _ entry: Int) -> Double {
        sin(1.5 * Double(row)) * Double(entry + 1) + Double(row * entry) / 4 + 2
    }

    /// Measures rows 0, 2, 3 and 5 of the table, as x and as an unbounded theta.
    static func standardization(_ zScore: ZScore, width: Int = 3) -> Standardization {
        let values = (0..<6).flatMap { row in (0..<width).map { Float(table(row, $0)) } }
        return Standardization(
            theta: values,
            x: values,
            rows: [0, 2, 3, 5],
            prior: .diagonalNormal(
                mean: Array(repeating: 0, count: width),
                standardDeviation: Array(repeating: 1, count: width)
            ),
            xDim: width,
            thetaZScore: zScore,
            xZScore: zScore
        )
    }

    // Written by Tests/Reference/training.py.
    static let golden: [(ZScore, mean: [Double], deviation: [Double])] = [
        (
            .independent, [2.025397466792377, 2.6757949335847546, 3.3261924003771317],
            [0.7858633932961221, 1.8265769583339133, 2.9029708349747088]
        ),
        (
            .structured, Array(repeating: 2.675794933584754, count: 3),
            Array(repeating: 0.7641625256249283, count: 3)
        ),
        (.none, [0, 0, 0], [1, 1, 1]),
    ]

    @Test(arguments: golden)
    func `means and deviations are those of sbi`(
        zScore: ZScore,
        mean: [Double],
        deviation: [Double]
    ) {
        let standardization = Self.standardization(zScore)
        for entry in 0..<3 {
            // The table and the result are rounded to float32.
            let tolerance = 1e-6
            #expect(abs(Double(standardization.xMean[entry]) - mean[entry]) < tolerance)
            let found = Double(standardization.xStandardDeviation[entry])
            #expect(abs(found - deviation[entry]) < tolerance)
            let scale = Double(standardization.thetaScale[entry])
            #expect(abs(scale - 1 / deviation[entry]) < 2 * tolerance)
            let shift = Double(standardization.thetaShift[entry])
            #expect(abs(shift + mean[entry] / deviation[entry]) < 5 * tolerance)
        }
    }

    @Test func `a single entry has no structure`() {
        let structured = Self.standardization(.structured, width: 1)
        #expect(structured == Self.standardization(.independent, width: 1))
    }

    @Test(arguments: ZScore.allCases)
    func `constant rows keep scale one`(zScore: ZScore) {
        let constant = Standardization(
            theta: Array(repeating: 0.5, count: 8),
            x: Array(repeating: 0.5, count: 8),
            rows: [0, 1, 2, 3],
            prior: .boxUniform(lower: [0, 0], upper: [1, 1]),
            xDim: 2,
            thetaZScore: zScore,
            xZScore: zScore
        )
        #expect(constant.xStandardDeviation == [1, 1])
        #expect(constant.thetaScale == [1, 1])
        #expect(constant.xMean == (zScore == .none ? [0, 0] : [0.5, 0.5]))
    }
}
