#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Solves a differential equation of two variables, y' = f(y), with steps of adaptive size.
///
/// The fifth-order Runge–Kutta pair of Dormand and Prince: the difference to its fourth-order
/// companion estimates the error of a step, and the step size follows it. Steps end at the output
/// times, so nothing is interpolated.
///
/// *Reference*: Dormand, Prince (1980), A family of embedded Runge-Kutta formulae,
/// doi:10.1016/0771-050X(80)90013-3; Hairer, Nørsett, Wanner (1993), Solving Ordinary Differential
/// Equations I, section II.4.
struct DormandPrince {
    /// The error a step may have, absolute, in each variable.
    var tolerance = 1e-7
    /// Steps after which the solution is given up.
    var stepLimit = 100_000

    /// The solution at ascending times, starting from time 0.
    ///
    /// - Parameters:
    ///   - start: y at time 0.
    ///   - times: When to report, from 0 on.
    ///   - slope: f.
    /// - Returns: y at each time; NaN from where the solution could not be followed.
    func solve(
        from start: SIMD2<Double>,
        times: [Double],
        slope: (SIMD2<Double>) -> SIMD2<Double>
    ) -> [SIMD2<Double>] {
        var state = start
        var first = slope(state)
        var time = 0.0
        var size = 1e-2
        var steps = 0
        return times.map { end in
            while time < end {
                steps += 1
                guard steps <= stepLimit, size > 1e-12 else { return SIMD2(repeating: .nan) }
                let step = min(size, end - time)
                let (next, last, difference) = Self.step(state, first, step, slope)
                let error = max(abs(difference.x), abs(difference.y)) / tolerance
                if error <= 1 {
                    time = step == end - time ? end : time + step
                    state = next
                    first = last
                }
                // NaN counts as a failed step.
                let growth = error.isNaN ? 0 : 0.9 * pow(error, -0.2)
                let factor = min(max(growth, 0.2), 5)
                // A step cut short by an output time says little of how long one may be.
                size = step < size && error <= 1 ? max(size, step * factor) : step * factor
            }
            return state
        }
    }

    /// One step: the new state, its slope, and the estimate of the error.
    private static func step(
        _ y: SIMD2<Double>,
        _ k1: SIMD2<Double>,
        _ h: Double,
        _ f: (SIMD2<Double>) -> SIMD2<Double>
    ) -> (SIMD2<Double>, SIMD2<Double>, SIMD2<Double>) {
        let k2 = f(y.plus(h / 5, k1))
        let k3 = f(y.plus(h * 3 / 40, k1).plus(h * 9 / 40, k2))
        let k4 = f(y.plus(h * 44 / 45, k1).plus(h * -56 / 15, k2).plus(h * 32 / 9, k3))
        let k5 = f(
            y.plus(h * 19372 / 6561, k1).plus(h * -25360 / 2187, k2).plus(h * 64448 / 6561, k3)
                .plus(h * -212 / 729, k4)
        )
        let k6 = f(
            y.plus(h * 9017 / 3168, k1).plus(h * -355 / 33, k2).plus(h * 46732 / 5247, k3)
                .plus(h * 49 / 176, k4).plus(h * -5103 / 18656, k5)
        )
        let next = y.plus(h * 35 / 384, k1).plus(h * 500 / 1113, k3).plus(h * 125 / 192, k4)
            .plus(h * -2187 / 6784, k5).plus(h * 11 / 84, k6)
        let k7 = f(next)
        let error = SIMD2<Double>.zero.plus(h * 71 / 57600, k1).plus(h * -71 / 16695, k3)
            .plus(h * 71 / 1920, k4).plus(h * -17253 / 339200, k5).plus(h * 22 / 525, k6)
            .plus(h * -1 / 40, k7)
        return (next, k7, error)
    }
}

extension SIMD2<Double> {
    /// y + weight · slope.
    fileprivate func plus(_ weight: Double, _ slope: SIMD2<Double>) -> SIMD2<Double> {
        self + slope * weight
    }
}
