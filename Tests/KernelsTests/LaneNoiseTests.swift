import Foundation
import Kernels
import TestSupport
import Testing

/// Noise in lanes against the scalar generator and against the laws of its distributions.
@Suite struct LaneNoiseTests {
    private static func noise(
        _ kind: NoiseKind,
        count: Int,
        draws: Range<UInt64>,
        key: NoiseKey
    ) -> [[Float]] {
        var memory = LaneMemory(rows: count, maximumLanes: draws.count)
        memory.setLanes(draws.count)
        memory.fillNoise(into: 0, count: count, kind: kind, laneCount: draws.count) {
            (key, draws.lowerBound + UInt64($0))
        }
        return (0..<draws.count).map { lane in (0..<count).map { memory[$0, lane] } }
    }

    @Test func `uniforms are the words of the scalar generator`() {
        let key = NoiseKey(seed: 5, observation: [1, 2, 3])
        let draws = UInt64(1) << 32 - 9..<(UInt64(1) << 32 + 8)
        let values = Self.noise(.uniform, count: 7, draws: draws, key: key)
        for (draw, row) in zip(draws, values) {
            for (index, value) in row.enumerated() {
                let block = Philox4x32.block(
                    counter: SIMD4(
                        UInt32(index / 4),
                        1,
                        UInt32(truncatingIfNeeded: draw),
                        UInt32(truncatingIfNeeded: draw >> 32)
                    ),
                    key: key.words
                )
                let exact = (Double(block[index % 4]) + 0.5) * 0x1p-32
                #expect(abs(Double(value) - exact) <= 0x1p-24 * exact)
            }
        }
    }

    @Test func `normals are the Box-Muller transform of the scalar generator`() {
        let key = NoiseKey(seed: 5, observation: [1, 2, 3])
        let values = Self.noise(.normal, count: 6, draws: 0..<5000, key: key)
        for (draw, row) in values.enumerated() {
            for pair in 0..<3 {
                let block = Philox4x32.block(
                    counter: SIMD4(UInt32(pair / 2), 0, UInt32(draw), 0),
                    key: key.words
                )
                let first = (Double(block[pair % 2 * 2]) + 0.5) * 0x1p-32
                let second = (Double(block[pair % 2 * 2 + 1]) + 0.5) * 0x1p-32
                let radius = (-2 * log(first)).squareRoot()
                let angle = 2 * Double.pi * second
                // Single precision holds the uniform to 2⁻²⁴, the angle to 2π times that.
                #expect(abs(Double(row[2 * pair]) - radius * cos(angle)) < 4e-6)
                #expect(abs(Double(row[2 * pair + 1]) - radius * sin(angle)) < 4e-6)
            }
        }
    }

    @Test func `normals are normal and uncorrelated`() {
        let key = NoiseKey(seed: 9, observation: [0.5])
        let values = Self.noise(.normal, count: 5, draws: 0..<200_000, key: key)
        for index in 0..<5 {
            let column = SampleStatistics(values.map { Double($0[index]) })
            #expect(column.kolmogorovSmirnov { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 2.2)
            for other in 0..<index {
                let products = values.map { Double($0[index]) * Double($0[other]) }
                // A product of independent normals has variance one: five standard errors.
                let mean = products.reduce(0, +) / Double(products.count)
                #expect(abs(mean) < 5 / Double(products.count).squareRoot())
            }
        }
    }

    @Test func `a key tells seeds and observations apart, and only them`() {
        let base: [Float] = [1, 2, 3, 4, 5]
        let key = NoiseKey(seed: 1, observation: base)
        #expect(key == NoiseKey(seed: 1, observation: base[...]))
        #expect(key != NoiseKey(seed: 2, observation: base))
        #expect(key != NoiseKey(seed: 1 << 32 | 1, observation: base))
        #expect(key != NoiseKey(seed: 1, observation: base + [0]))
        #expect(key != NoiseKey(seed: 1, observation: Array(base.dropLast())))
        for index in base.indices {
            var other = base
            other[index] = other[index].nextUp
            #expect(key != NoiseKey(seed: 1, observation: other))
        }
        #expect(
            NoiseKey(seed: 1, observation: [0]) == NoiseKey(seed: 1, observation: [-0.0])
        )
    }
}
