import Distributions
import Foundation
import Kernels
import Testing

@Suite struct SupportTransformTests {
    static let transforms: [SupportTransform] = [
        .identity, .positive, .interval(lower: -1, upper: 1), .interval(lower: 0.1, upper: 0.3),
        .interval(lower: -120, upper: 80), .interval(lower: 1000, upper: 1001),
        .above(lower: -3), .below(upper: 0.7), .logInterval(lower: 0.05, upper: 20),
        .logInterval(lower: 1000, upper: 1001),
    ]
    static let unconstrained: [Double] = [-30, -8, -2, -0.5, 0, 0.125, 1, 3, 9, 30]

    @Test(arguments: transforms)
    func `there and back is the identity`(transform: SupportTransform) {
        for u in Self.unconstrained {
            let theta = transform.toSupport(u)
            #expect(transform.contains(theta))
            // One ulp of theta is this much in u.
            let sensitivity = exp(transform.toUnconstrainedLogDerivative(theta)) * theta.ulp
            let tolerance = 1e-13 * max(1, abs(u)) + 4 * sensitivity
            #expect(abs(transform.toUnconstrained(theta) - u) <= tolerance, "u = \(u)")
        }
    }

    @Test(arguments: transforms)
    func `the log derivatives are those of finite differences`(transform: SupportTransform) {
        for u in Self.unconstrained where abs(u) < 4 {
            let step = 1e-4
            let slope =
                (transform.toSupport(u + step) - transform.toSupport(u - step)) / (2 * step)
            // Truncation step²/6 and cancellation ulp(theta)/step, relative to the slope.
            let theta = transform.toSupport(u)
            let tolerance = 1e-8 + 4 * theta.ulp / (step * slope)
            #expect(abs(transform.toSupportLogDerivative(u) - log(slope)) <= tolerance)
            #expect(abs(transform.toUnconstrainedLogDerivative(theta) + log(slope)) <= tolerance)
        }
    }

    @Test(arguments: transforms)
    func `both log derivatives agree in the tails`(transform: SupportTransform) {
        for u in [-600.0, -40, -20, 20, 300] {
            let theta = transform.toSupport(u)
            guard transform.toUnconstrained(theta) != .infinity else { continue }
            let back = transform.toUnconstrained(theta)
            let sum =
                transform.toSupportLogDerivative(back)
                + transform.toUnconstrainedLogDerivative(theta)
            #expect(abs(sum) <= 1e-12 * max(1, abs(back)))
        }
    }

    @Test(arguments: transforms)
    func `no finite value leaves the open support, in single precision either`(
        transform: SupportTransform
    ) {
        for magnitude in [0, 1, 5, 15, 17, 40, 87, 89, 100, 750, 1e4, 1e30] as [Float] {
            for u in [-magnitude, magnitude] {
                #expect(transform.contains(transform.toSupport(Double(u))), "u = \(u)")
                #expect(transform.contains(Double(transform.toSupport(u))), "u = \(u)")
            }
        }
        guard transform != .identity else { return }
        for u in [-Double.infinity, .infinity] {
            #expect(transform.contains(transform.toSupport(u)))
            #expect(transform.contains(Double(transform.toSupport(Float(u)))))
        }
    }

    @Test(arguments: transforms)
    func `the map increases`(transform: SupportTransform) {
        var stream = RandomStream(seed: 31)
        for _ in 0..<1000 {
            let u = 50 * stream.normal()
            let v = u + abs(stream.normal())
            #expect(transform.toSupport(u) <= transform.toSupport(v))
        }
    }

    @Test(arguments: transforms)
    func `NaN stays NaN`(transform: SupportTransform) {
        #expect(transform.toSupport(Double.nan).isNaN)
        #expect(transform.toSupport(Float.nan).isNaN)
        #expect(transform.toUnconstrained(.nan).isNaN)
        #expect(transform.toSupportLogDerivative(.nan).isNaN)
        #expect(transform.toUnconstrainedLogDerivative(.nan).isNaN)
        #expect(transform.roundedInside(.nan).isNaN)
        #expect(!transform.contains(.nan))
    }

    @Test func `bounds map to infinity and what lies outside to NaN`() {
        let interval = SupportTransform.interval(lower: -1, upper: 2)
        #expect(interval.toUnconstrained(-1) == -.infinity)
        #expect(interval.toUnconstrained(2) == .infinity)
        #expect(interval.toUnconstrained((-1.0).nextUp).isFinite)
        #expect(interval.toUnconstrained(2.1).isNaN)
        #expect(interval.toUnconstrainedLogDerivative(2) == .infinity)
        #expect(SupportTransform.positive.toUnconstrained(0) == -.infinity)
        #expect(SupportTransform.positive.toUnconstrained(-1e-300).isNaN)
        #expect(SupportTransform.above(lower: 2).toUnconstrained(2) == -.infinity)
        #expect(SupportTransform.above(lower: 2).toUnconstrained(1.9).isNaN)
        #expect(SupportTransform.below(upper: 2).toUnconstrained(2) == .infinity)
        #expect(SupportTransform.below(upper: 2).toUnconstrained(2.1).isNaN)
        let decades = SupportTransform.logInterval(lower: 0.01, upper: 100)
        #expect(decades.toUnconstrained(0.01) == -.infinity)
        #expect(decades.toUnconstrained(100) == .infinity)
        #expect(decades.toUnconstrained(0).isNaN)
        #expect(abs(decades.toUnconstrained(1)) < 1e-15)
    }

    @Test func `numbers next to a bound keep their digits`() {
        let interval = SupportTransform.interval(lower: -1, upper: 0)
        // 1030 log 2; the quotient overflows.
        #expect(abs(interval.toUnconstrained(-0x1p-1030) - 1030 * log(2.0)) < 1e-9)
        // log(1e-17 / (1 − 1e-17))
        let unit = SupportTransform.interval(lower: 0, upper: 1)
        #expect(abs(unit.toUnconstrained(1e-17) + 39.143_946_580_898_78) < 1e-13)
    }

    @Test func `rounding stays inside a box whose bounds are no single-precision numbers`() {
        let interval = SupportTransform.interval(lower: 0.1, upper: 0.3)
        #expect(interval.contains(Double(interval.roundedInside(0.1 + 0x1p-56))))
        #expect(interval.contains(Double(interval.roundedInside(0.3 - 0x1p-54))))
        #expect(interval.roundedInside(0.2) == 0.2)
        let unit = SupportTransform.interval(lower: -1, upper: 1)
        #expect(unit.roundedInside(1 - 0x1p-40) == Float(1).nextDown)
        #expect(SupportTransform.positive.roundedInside(1e-60) == Float.leastNonzeroMagnitude)
        #expect(SupportTransform.positive.roundedInside(1e60) == Float.greatestFiniteMagnitude)
    }
}
