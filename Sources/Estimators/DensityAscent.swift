/// One climb to a local maximum of a smooth function, by a quasi-Newton method with a
/// backtracking line search, as a state machine: it names a point, and is told the value there.
///
/// Many climbs can so be evaluated together, each in a lane of its own.
///
/// *Reference*: Nocedal and Wright (2006), Numerical Optimization, algorithms 3.1, 7.4 and 7.5.
struct DensityAscent {
    /// How far a climb has come.
    enum State {
        case climbing
        /// No step is expected to gain more than rounding hides.
        case converged
        /// The function is not finite where the climb began.
        case lost
    }

    /// A step taken and the change of the gradient over it.
    private struct Pair {
        var step: [Double]
        /// Of the negative function: along a step it grows.
        var change: [Double]
        var curvature: Double
    }

    private static let memory = 8
    /// Gains, relative to the value, that single precision does not resolve.
    private static let tolerance = 1e-6
    /// The longest first step in units of the scales, per root of the dimension.
    private static let longestStep = 4.0

    private(set) var state = State.climbing
    /// The best point so far.
    private(set) var point: [Double]
    /// The function at `point`.
    private(set) var value = -Double.infinity
    private var gradient: [Double] = []
    /// Squared scales: the first guess of the negative inverse Hessian.
    private let variances: [Double]
    private var pairs: [Pair] = []
    private var direction: [Double]
    private var slope = 0.0
    private var length = 0.0

    /// Begins at a point.
    ///
    /// - Parameters:
    ///   - start: Where, `[D]`.
    ///   - scales: About how far the function stays near its maximum, `[D]`, positive.
    init(start: [Double], scales: [Double]) {
        point = start
        variances = scales.map { $0 * $0 }
        direction = Array(repeating: 0, count: start.count)
    }

    /// Where to evaluate next, `[D]`.
    var proposal: [Double] { zip(point, direction).map { $0 + length * $1 } }

    /// Takes the value and gradient at `proposal`.
    mutating func receive(_ newValue: Double, gradient newGradient: [Double]) {
        guard state == .climbing else { return }
        let isFinite = newValue.isFinite && newGradient.allSatisfy(\.isFinite)
        guard value > -.infinity else {
            guard isFinite else {
                state = .lost
                return
            }
            value = newValue
            gradient = newGradient
            turn()
            return
        }
        let needed = value + 1e-4 * length * slope - noise / 2
        if isFinite, newValue >= needed {
            remember(newGradient)
            point = proposal
            value = newValue
            gradient = newGradient
            turn()
        } else {
            retreat(from: isFinite ? newValue : nil)
        }
    }

    private var noise: Double { Self.tolerance * max(1, abs(value)) }

    /// Shortens the step to where a parabola through the values expects the maximum.
    private mutating func retreat(from newValue: Double?) {
        var factor = 0.25
        if let newValue {
            let fall = value + length * slope - newValue
            factor = min(max(length * slope / (2 * fall), 0.1), 0.5)
        }
        length *= factor
        guard length * slope < noise / 10 else { return }
        if pairs.isEmpty {
            state = .converged
        } else {
            pairs = []
            turn()
        }
    }

    /// Keeps the step just taken, unless the function bends the wrong way along it.
    private mutating func remember(_ newGradient: [Double]) {
        let step = direction.map { length * $0 }
        let change = zip(gradient, newGradient).map { $0 - $1 }
        let curvature = dot(step, change)
        // Compared in units of the scales.
        let size = zip(step, variances).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }
        guard curvature > 1e-8 * size, curvature.isFinite else { return }
        pairs.append(Pair(step: step, change: change, curvature: curvature))
        if pairs.count > Self.memory { pairs.removeFirst() }
    }

    /// Chooses the next direction, or ends where none gains.
    private mutating func turn() {
        direction = newtonDirection()
        slope = dot(direction, gradient)
        if !(slope > 0) || !slope.isFinite {
            pairs = []
            direction = zip(variances, gradient).map { $0 * $1 }
            slope = dot(direction, gradient)
        }
        guard slope > noise else {
            state = .converged
            return
        }
        let size = zip(direction, variances).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }.squareRoot()
        length = min(1, Self.longestStep * Double(direction.count).squareRoot() / size)
    }

    /// The two-loop recursion: the approximate negative inverse Hessian times the gradient.
    private func newtonDirection() -> [Double] {
        var direction = gradient
        var weights: [Double] = []
        for pair in pairs.reversed() {
            let weight = dot(pair.step, direction) / pair.curvature
            weights.append(weight)
            for index in direction.indices { direction[index] -= weight * pair.change[index] }
        }
        var scale = 1.0
        if let last = pairs.last {
            let spread = zip(last.change, variances).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
            scale = last.curvature / spread
        }
        for index in direction.indices { direction[index] *= scale * variances[index] }
        for (pair, weight) in zip(pairs, weights.reversed()) {
            let correction = dot(pair.change, direction) / pair.curvature
            for index in direction.indices {
                direction[index] += (weight - correction) * pair.step[index]
            }
        }
        return direction
    }

    private func dot(_ first: [Double], _ second: [Double]) -> Double {
        zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
