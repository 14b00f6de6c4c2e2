import Estimators
import TestSupport
import Testing

/// Our estimators with sbi's weights against sbi's own numbers in float64.
@Suite struct SbiParityTests {
    /// sbi itself is 2e-6 from exact in float32 (relative to max(1, |value|)).
    @Test(arguments: SbiFixture.flows + SbiFixture.mixtures)
    func `log densities are those of sbi`(name: String) throws {
        let fixture = try SbiFixture.load(name)
        let logProb = try fixture.posterior()
            .logProb(fixture.theta.flatMap(\.self), given: fixture.x.flatMap(\.self))
        for (ours, theirs) in zip(logProb, fixture.logProb) {
            #expect(isClose(Double(ours), theirs, absolute: 1e-5, relative: 1e-5))
        }
        let errors = zip(logProb, fixture.logProb)
            .map { abs(Double($0) - $1) / max(1, abs($1)) }.sorted()
        #expect(errors[errors.count / 2] < 1e-6)
    }

    /// Leaving the floor of 1e-4 out changes these by 5e-5, relative to max(1, |value|).
    @Test(arguments: SbiFixture.mixtures)
    func `with its quadratic floor, a mixture has the density sbi ships`(name: String) throws {
        let fixture = try SbiFixture.load(name)
        let posterior = try fixture.posterior(
            quadraticFloor: try #require(fixture.precisionEpsilonAsShipped)
        )
        let logProb = posterior.logProb(
            fixture.theta.flatMap(\.self),
            given: fixture.x.flatMap(\.self)
        )
        let shipped = try #require(fixture.logProbAsShipped)
        for (ours, theirs) in zip(logProb, shipped) {
            #expect(isClose(Double(ours), theirs, absolute: 1e-5, relative: 1e-5))
        }
        let errors = zip(logProb, shipped)
            .map { abs(Double($0) - $1) / max(1, abs($1)) }.sorted()
        #expect(errors[errors.count / 2] < 1e-6)
    }

    @Test(arguments: SbiFixture.flows)
    func `draws of a flow from sbi's noise are those of sbi`(name: String) throws {
        let fixture = try SbiFixture.load(name)
        let theta = try fixture.posterior().sample(
            fromNormals: fixture.baseNoise.flatMap(\.self),
            uniforms: [],
            given: fixture.x.flatMap(\.self)
        )
        for (ours, theirs) in zip(theta, fixture.samples.flatMap(\.self)) {
            #expect(isClose(Double(ours), theirs, absolute: 1e-4, relative: 1e-5))
        }
    }

    /// The file does not hold sbi's uniforms: some component of ours makes sbi's draw.
    @Test(arguments: SbiFixture.mixtures)
    func `draws of a mixture from sbi's noise are those of sbi`(name: String) throws {
        let fixture = try SbiFixture.load(name)
        let posterior = try fixture.posterior()
        var closest = [Double](repeating: .infinity, count: fixture.samples.count)
        for step in 0..<2000 {
            let theta = posterior.sample(
                fromNormals: fixture.baseNoise.flatMap(\.self),
                uniforms: Array(
                    repeating: (Float(step) + 0.5) / 2000,
                    count: fixture.samples.count
                ),
                given: fixture.x.flatMap(\.self)
            )
            for (row, sample) in fixture.samples.enumerated() {
                let ours = theta[(row * sample.count)..<((row + 1) * sample.count)]
                let scale = 1 + (sample.map(abs).max() ?? 0)
                let distance = greatestDifference(ours.map(Double.init), sample) / scale
                closest[row] = min(closest[row], distance)
            }
        }
        #expect(closest.allSatisfy { $0 < 2e-5 })
    }
}
