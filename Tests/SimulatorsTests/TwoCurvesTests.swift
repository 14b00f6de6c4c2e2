import Simulators
import Testing

@Suite struct TwoCurvesTests {
    /// What the benchmark's reference says of the exact conditional: at most 1.40, near x = 3.7,
    /// and 0.46 on average.
    @Test func `the exact Fisher information peaks and averages as published`() throws {
        let x = (0..<1000).map { -5 + 20 * Double($0) / 999 }
        let information = x.map { TwoCurves.fisherInformation(at: $0) }
        let peak = try #require(information.indices.max { information[$0] < information[$1] })
        #expect(abs(information[peak] - 1.40) < 0.005)
        #expect(abs(x[peak] - 3.7) < 0.05)
        #expect(abs(information.reduce(0, +) / 1000 - 0.46) < 0.005)
    }

    @Test func `pairs have the moments of the mixture`() {
        let pairs = TwoCurves.simulate(count: 20_000, seed: 1)
        let x = pairs.x.map(Double.init)
        #expect(x.allSatisfy { TwoCurves.range.contains($0) })
        // 20 / √12 / √20000 = 0.041; four standard errors.
        #expect(abs(x.reduce(0, +) / 20_000 - 5) < 0.17)
        // Far from both bumps y is 0.65 N(−1.4, 1) + 0.35 N(1.4, 1) with mean −0.42, sd 1.66.
        let far = pairs.theta.indices.filter { abs(x[$0] - 14) < 0.5 }
            .map { Double(pairs.theta[$0]) }
        let mean = far.reduce(0, +) / Double(far.count)
        #expect(abs(mean + 0.42) < 4 * 1.66 / Double(far.count).squareRoot())
    }

    @Test func `more pairs begin with fewer`() {
        let few = TwoCurves.simulate(count: 5, seed: 3)
        let many = TwoCurves.simulate(count: 50, seed: 3)
        #expect(Array(many.theta.prefix(5)) == few.theta)
        #expect(Array(many.x.prefix(5)) == few.x)
    }
}
