import PosteriorAPI
import Testing

@Suite struct PosteriorSummaryTests {
    private static let levels = SummaryLevels(
        quantiles: GoldenSummary.probabilities,
        credibleIntervals: GoldenSummary.levels
    )

    @Test(arguments: GoldenSummary.all.indices)
    func `summaries are numpy's`(index: Int) {
        let golden = GoldenSummary.all[index]
        let summary = PosteriorSummary(
            golden.draws[...],
            thetaDim: golden.thetaDim,
            levels: Self.levels
        )
        expectEqual(summary.mean, golden.mean)
        expectEqual(summary.standardDeviation, golden.standardDeviation)
        expectEqual(summary.correlation, golden.correlation)
        for (own, expected) in zip(summary.quantiles, golden.quantiles) {
            expectEqual(own, expected)
        }
        #expect(summary.quantiles.count == golden.quantiles.count)
        for (own, expected) in zip(summary.credibleIntervals, golden.credibleIntervals) {
            #expect(own.map(Double.init) == expected, "\(golden.name)")
        }
        #expect(summary.credibleIntervals.count == golden.credibleIntervals.count)
    }

    /// Both rounded once to single precision; sums in another order differ far below that.
    private func expectEqual(_ own: [Float], _ expected: [Double]) {
        #expect(own.count == expected.count)
        for (value, other) in zip(own, expected) {
            let tolerance = max(Double(Float(other).ulp), 1e-12)
            #expect(abs(Double(value) - other) <= tolerance)
        }
    }

    @Test func `a parameter that does not vary correlates with nothing`() {
        let draws: [Float] = [1, 0.1, 5, 2, 0.1, 7, 3, 0.1, 9, 4, 0.1, 11]
        let summary = PosteriorSummary(draws[...], thetaDim: 3, levels: Self.levels)
        #expect(summary.standardDeviation[1] == 0)
        #expect(summary.correlation.map(\.isNaN) == (0..<9).map { $0 % 3 == 1 || $0 / 3 == 1 })
        #expect(summary.correlation[0] == 1 && summary.correlation[2] == 1)
        for ends in summary.credibleIntervals { #expect(ends[2...3] == [0.1, 0.1]) }
    }

    @Test func `one draw is every interval and has no correlation`() {
        let summary = PosteriorSummary([3, -4], thetaDim: 2, levels: Self.levels)
        #expect(summary.credibleIntervals.allSatisfy { $0 == [3, 3, -4, -4] })
        #expect(summary.correlation.allSatisfy { $0.isNaN })
    }

    @Test func `the largest numbers do not overflow`() {
        let largest = Float.greatestFiniteMagnitude
        let draws: [Float] = [largest, -largest, -largest, largest, largest, -largest]
        let summary = PosteriorSummary(draws[...], thetaDim: 2, levels: Self.levels)
        #expect(summary.mean.allSatisfy { $0.isFinite })
        #expect(summary.correlation == [1, -1, -1, 1])
        #expect(summary.credibleIntervals[3] == [-largest, largest, -largest, largest])
    }
}
