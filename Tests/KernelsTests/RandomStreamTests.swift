import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct RandomStreamTests {
    static let drawCount = 200_000

    static func draws(seed: UInt64, _ draw: (inout RandomStream) -> Double) -> [Double] {
        var stream = RandomStream(seed: seed, stream: 3)
        return (0..<drawCount).map { _ in draw(&stream) }
    }

    @Test func `words are the blocks of seed, stream and position`() {
        var stream = RandomStream(seed: 0x0000_0002_0000_0001, stream: 0x0000_0004_0000_0003)
        for position in UInt32(0)..<3 {
            let block = Philox4x32.block(counter: SIMD4(position, 0, 3, 4), key: SIMD2(1, 2))
            for index in 0..<4 {
                #expect(stream.word() == block[index])
            }
        }
    }

    @Test func `the same seed and stream give the same draws`() {
        var first = RandomStream(seed: 11, stream: 5)
        var second = RandomStream(seed: 11, stream: 5)
        for _ in 0..<50 {
            #expect(first.normal() == second.normal())
            #expect(first.uniformFloat() == second.uniformFloat())
            #expect(first == second)
        }
    }

    @Test func `uniform numbers are uniform`() {
        let draws = SampleStatistics(Self.draws(seed: 1) { $0.uniform() })
        #expect(draws.kolmogorovSmirnov { $0 } < 1.95)
    }

    @Test func `single-precision uniform numbers are uniform and inside (0, 1)`() {
        let values = Self.draws(seed: 2) { Double($0.uniformFloat()) }
        #expect(SampleStatistics(values).kolmogorovSmirnov { $0 } < 1.95)
        // Odd multiples of 2⁻²⁴, so neither 0 nor 1 is among them.
        #expect(values.allSatisfy { ($0 * 0x1p24).remainder(dividingBy: 2).magnitude == 1 })
        #expect(values.allSatisfy { $0 > 0 && $0 < 1 })
    }

    @Test func `normal numbers are normal`() {
        let values = Self.draws(seed: 3) { $0.normal() }
        let draws = SampleStatistics(values)
        #expect(draws.kolmogorovSmirnov { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 1.95)
        // Standard errors of the moments: √(1/n), √(2/n), √(15/n), √(96/n); five of them.
        let count = Double(values.count)
        let third = values.reduce(0) { $0 + $1 * $1 * $1 } / count
        let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count
        #expect(abs(draws.mean) < 5 * (1 / count).squareRoot())
        #expect(abs(draws.variance - 1) < 5 * (2 / count).squareRoot())
        #expect(abs(third) < 5 * (15 / count).squareRoot())
        #expect(abs(fourth - 3) < 5 * (96 / count).squareRoot())
    }

    @Test func `both normals of a pair, and neighbouring streams, are uncorrelated`() {
        var pairs = 0.0
        var neighbours = 0.0
        let count = 100_000
        for index in 0..<count {
            var stream = RandomStream(seed: 4, stream: UInt64(index))
            var next = RandomStream(seed: 4, stream: UInt64(index + 1))
            let first = stream.normal()
            pairs += first * stream.normal()
            neighbours += first * next.normal()
        }
        // The product of independent normals has variance 1; five standard errors.
        let bound = 5 / Double(count).squareRoot()
        #expect(abs(pairs / Double(count)) < bound)
        #expect(abs(neighbours / Double(count)) < bound)
    }

    @Test(arguments: [1, 2, 3, 7, 10, 1000])
    func `integers below a bound are equally likely`(bound: Int) {
        var stream = RandomStream(seed: 5, stream: UInt64(bound))
        var counts = Array(repeating: 0, count: bound)
        let draws = 1000 * bound
        for _ in 0..<draws {
            counts[stream.integer(below: bound)] += 1
        }
        // χ² has mean bound − 1 and variance 2 (bound − 1); five standard deviations.
        let chiSquared = counts.reduce(0.0) { sum, count in
            sum + Double((count - 1000) * (count - 1000)) / 1000
        }
        let freedom = Double(bound - 1)
        #expect(abs(chiSquared - freedom) <= 5 * (2 * freedom).squareRoot() + 1e-9)
    }

    @Test func `integers below a bound that rejects often are equally likely`() {
        // Of 2⁶⁴ words a quarter is rejected for this bound. Kept, they would give the remainders
        // 0, 1, 2 of a division by three probabilities of 3/8, 3/8, 2/8.
        let bound = 3 << 61
        let values = Self.draws(seed: 6) { Double($0.integer(below: bound) % 3) }
        // Binomial(n, 1/3); five standard errors.
        let tolerance = 5 * (2.0 / 9 / Double(values.count)).squareRoot()
        for remainder in 0..<3 {
            let share =
                Double(values.count { $0 == Double(remainder) }) / Double(values.count)
            #expect(abs(share - 1.0 / 3) < tolerance)
        }
    }

    @Test func `an integer below zero is refused`() async {
        await #expect(processExitsWith: .failure) {
            var stream = RandomStream(seed: 1)
            _ = stream.integer(below: 0)
        }
    }

    @Test func `a permutation holds every index once, every order equally often`() {
        var counts: [[Int]: Int] = [:]
        for index in 0..<24_000 {
            var stream = RandomStream(seed: 7, stream: UInt64(index))
            counts[stream.permutation(4), default: 0] += 1
        }
        #expect(counts.count == 24)
        #expect(counts.keys.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
        let chiSquared = counts.values.reduce(0.0) { $0 + pow(Double($1 - 1000), 2) / 1000 }
        #expect(chiSquared < 23 + 5 * 46.0.squareRoot())
    }

    @Test func `substreams differ from each other and do not depend on the position`() {
        var stream = RandomStream(seed: 8)
        let before = stream.substream(1)
        _ = stream.normal()
        #expect(stream.substream(1) == before)
        var seen: Set<UInt64> = []
        for key in UInt64(0)..<1000 {
            var substream = stream.substream(key)
            seen.insert(substream.word64())
            var nested = stream.substream(key).substream(key)
            seen.insert(nested.word64())
            var other = RandomStream(seed: 8, stream: 1).substream(key)
            seen.insert(other.word64())
        }
        #expect(seen.count == 3000)
    }
}
