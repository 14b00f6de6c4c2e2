import Autodiff
import Distributions
import Glibc
import Kernels

/// The prior's bijection between theta and unconstrained space, as parts of lane programs.
struct SupportMap: Sendable {
    /// The bijection of each dimension.
    let transforms: [SupportTransform]

    /// Dimensions that share a kind of bijection, and the bounds of those on an interval.
    private struct Group {
        var dimensions: [Int]
        var lower: [Double]
        var upper: [Double]
    }

    private enum Kind: Hashable {
        case identity
        case positive
        case interval
    }

    private var groups: [(kind: Kind, group: Group)] {
        var groups: [Kind: Group] = [:]
        for (dimension, transform) in transforms.enumerated() {
            let kind: Kind
            var bounds: (Double, Double)?
            switch transform {
            case .identity: kind = .identity
            case .positive: kind = .positive
            case .interval(let lower, let upper):
                kind = .interval
                bounds = Self.openInterval(transform) ?? (lower, upper)
            }
            var group = groups[kind] ?? Group(dimensions: [], lower: [], upper: [])
            group.dimensions.append(dimension)
            if let bounds {
                group.lower.append(bounds.0)
                group.upper.append(bounds.1)
            }
            groups[kind] = group
        }
        return [Kind.identity, .positive, .interval].compactMap { kind in
            groups[kind].map { (kind, $0) }
        }
    }

    /// The bounds in single precision, just outside the numbers a theta may have: so no theta
    /// inside the support is at distance zero from a bound.
    private static func openInterval(_ transform: SupportTransform) -> (Double, Double)? {
        transform.singlePrecisionBounds.map {
            (Double($0.lowerBound.nextDown), Double($0.upperBound.nextUp))
        }
    }

    /// Puts the groups' values back into the order of the dimensions.
    private func reassemble(_ parts: [LaneValue], to program: inout LaneProgram) -> LaneValue {
        let order = groups.flatMap(\.group.dimensions)
        var places = order
        for (place, dimension) in order.enumerated() { places[dimension] = place }
        return program.gather(program.concatenate(parts), places)
    }

    /// u and log│∂u/∂theta│ (of width 1, nil when it is zero) of theta inside the support.
    func appendUnconstrained(
        _ theta: LaneValue,
        to program: inout LaneProgram
    ) -> (u: LaneValue, logDeterminant: LaneValue?) {
        var parts: [LaneValue] = []
        var logs: [LaneValue] = []
        var constant = 0.0
        for (kind, group) in groups {
            let values = program.gather(theta, group.dimensions)
            switch kind {
            case .identity: parts.append(values)
            case .positive:
                let log = program.apply(.log, values)
                parts.append(log)
                logs.append(program.scale(log, by: -1))
            case .interval:
                let count = group.dimensions.count
                let ones = [Float](repeating: 1, count: count)
                let below = program.apply(
                    .log,
                    program.scaleAndShift(
                        values,
                        scales: ones,
                        shifts: group.lower.map { Float(-$0) }
                    )
                )
                let above = program.apply(
                    .log,
                    program.scaleAndShift(
                        values,
                        scales: ones.map { -$0 },
                        shifts: group.upper.map { Float($0) }
                    )
                )
                parts.append(program.subtract(below, above))
                logs.append(program.scale(program.add(below, above), by: -1))
                constant += zip(group.lower, group.upper)
                    .reduce(0) { $0 + logarithm($1.1 - $1.0) }
            }
        }
        let u = reassemble(parts, to: &program)
        guard !logs.isEmpty else { return (u, nil) }
        let sum = program.sum(program.concatenate(logs))
        return (u, program.scale(sum, by: 1, plus: Float(constant)))
    }

    /// theta of u; the caller rounds it into the open support.
    func appendTheta(of u: LaneValue, to program: inout LaneProgram) -> LaneValue {
        var parts: [LaneValue] = []
        for (kind, group) in groups {
            let values = program.gather(u, group.dimensions)
            switch kind {
            case .identity: parts.append(values)
            case .positive: parts.append(program.apply(.exp, values))
            case .interval:
                parts.append(
                    program.scaleAndShift(
                        program.apply(.sigmoid, values),
                        scales: zip(group.lower, group.upper).map { Float($1 - $0) },
                        shifts: group.lower.map { Float($0) }
                    )
                )
            }
        }
        return reassemble(parts, to: &program)
    }

    /// log│∂u/∂theta│ at the theta of u, of width 1; nil when it is zero.
    ///
    /// In terms of u it keeps its digits where theta has already met its bound.
    func appendLogDeterminant(
        ofTheta u: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue? {
        var logs: [LaneValue] = []
        var constant = 0.0
        for (kind, group) in groups {
            let values = program.gather(u, group.dimensions)
            switch kind {
            case .identity: break
            case .positive: logs.append(program.scale(values, by: -1))
            case .interval:
                // softplus(u) + softplus(−u) = −log σ(u) − log σ(−u)
                let negative = program.scale(values, by: -1)
                logs.append(
                    program.add(
                        program.apply(.softplus, values),
                        program.apply(.softplus, negative)
                    )
                )
                constant -= zip(group.lower, group.upper)
                    .reduce(0) { $0 + logarithm($1.1 - $1.0) }
            }
        }
        guard !logs.isEmpty else { return nil }
        let sum = program.sum(program.concatenate(logs))
        return program.scale(sum, by: 1, plus: Float(constant))
    }
}

/// The natural logarithm of a number.
func logarithm(_ x: Double) -> Double { log(x) }
