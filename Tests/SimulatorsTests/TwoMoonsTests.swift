import Distributions
import Foundation
import Kernels
import Simulators
import Testing

@Suite struct TwoMoonsTests {
    @Test(arguments: twoMoonsMoments.indices)
    func `posterior moments are those of sbibm's reference samples`(index: Int) throws {
        let golden = twoMoonsMoments[index]
        let posterior = try TwoMoonsPosterior(observation: golden.observation)
        for axis in 0..<2 {
            let deviation = golden.standardDeviation[axis]
            // Five standard errors of 10,000 samples.
            #expect(abs(posterior.mean[axis] - golden.mean[axis]) < 5 * deviation / 100 + 1e-3)
            #expect(abs(posterior.standardDeviation[axis] / deviation - 1) < 0.03)
        }
    }

    @Test func `the ten observations are sbibm's`() {
        for (observation, golden) in zip(TwoMoons.referenceObservations, twoMoonsMoments) {
            #expect(observation == golden.observation.map(Float.init))
        }
        #expect(TwoMoons.referenceObservations.count == 10)
    }

    @Test(arguments: [[-0.6396706, 0.16234657], [0.1, 0.0], [-0.9, -0.1]])
    func `the posterior density integrates to one`(observation: [Double]) throws {
        let posterior = try TwoMoonsPosterior(observation: observation)
        let count = 2000
        let width = 2.0 / Double(count)
        var mass = 0.0
        for row in 0..<count {
            let first = -1 + (Double(row) + 0.5) * width
            for column in 0..<count {
                let second = -1 + (Double(column) + 0.5) * width
                mass += width * width * exp(posterior.logDensity(of: [first, second]))
            }
        }
        #expect(abs(mass - 1) < 5e-3)
    }

    @Test func `x lies on the crescent shifted by theta`() {
        let root = 0.5.squareRoot()
        for row in UInt64(0)..<1000 {
            var stream = RandomStream(seed: 51, stream: row)
            let theta = [stream.uniform(), -stream.uniform()]
            let x = TwoMoons().simulate(theta, using: &stream)
            let first = x[0] + abs(theta[0] + theta[1]) * root - 0.25
            let second = x[1] - (theta[1] - theta[0]) * root
            // r = 0.1 ± 0.01, no farther than the normal's 8.58 standard deviations.
            #expect(abs(hypot(first, second) - 0.1) < 0.086)
            #expect(first > 0)
        }
    }

    @Test func `the density is zero outside the box and NaN for NaN`() throws {
        let posterior = try TwoMoonsPosterior(observation: [-0.64, 0.16])
        #expect(posterior.logDensity(of: [1.01, 0]) == -.infinity)
        #expect(posterior.logDensity(of: [.nan, 0]).isNaN)
        #expect(throws: DistributionError.self) {
            _ = try TwoMoonsPosterior(observation: [.infinity, 0])
        }
    }
}
