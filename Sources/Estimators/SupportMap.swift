import Autodiff
import Distributions
import Glibc
import Kernels

/// The prior's bijection between theta and unconstrained space, as parts of lane programs.
struct SupportMap: Sendable {
    /// The bijection of each dimension.
    let transforms: [SupportTransform]

    /// Dimensions that share a kind of bijection, and their bounds; unused ones are 0.
    private struct Group {
        var dimensions: [Int] = []
        var lower: [Double] = []
        var upper: [Double] = []

        /// log log(upper / lower), summed.
        var logLogWidth: Double {
            zip(lower, upper).reduce(0) { $0 + logarithm(logarithm($1.1 / $1.0)) }
        }
        /// log(upper − lower), summed.
        var logWidth: Double { zip(lower, upper).reduce(0) { $0 + logarithm($1.1 - $1.0) } }
    }

    private enum Kind: Hashable, CaseIterable {
        case identity
        case positive
        case interval
        case above
        case below
        case logInterval
    }

    private var groups: [(kind: Kind, group: Group)] {
        var groups: [Kind: Group] = [:]
        for (dimension, transform) in transforms.enumerated() {
            let kind: Kind =
                switch transform {
                case .identity: .identity
                case .positive: .positive
                case .interval: .interval
                case .above: .above
                case .below: .below
                case .logInterval: .logInterval
                }
            // The bounds in single precision, just outside the numbers a theta may have: so no
            // theta inside the support is at distance zero from a bound.
            let numbers = transform.singlePrecisionBounds ?? 0...0
            var group = groups[kind] ?? Group()
            group.dimensions.append(dimension)
            group.lower.append(Double(numbers.lowerBound.nextDown))
            group.upper.append(Double(numbers.upperBound.nextUp))
            groups[kind] = group
        }
        return Kind.allCases.compactMap { kind in groups[kind].map { (kind, $0) } }
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
                let below = logDistance(of: values, above: group.lower, to: &program)
                let above = logDistance(of: values, below: group.upper, to: &program)
                parts.append(program.subtract(below, above))
                logs.append(program.scale(program.add(below, above), by: -1))
                constant += group.logWidth
            case .above:
                let distance = logDistance(of: values, above: group.lower, to: &program)
                parts.append(distance)
                logs.append(program.scale(distance, by: -1))
            case .below:
                let distance = logDistance(of: values, below: group.upper, to: &program)
                parts.append(program.scale(distance, by: -1))
                logs.append(program.scale(distance, by: -1))
            case .logInterval:
                // log(theta / lower) = softplus(log(theta − lower) − log lower) keeps its digits
                // at the bound, as does log(upper / theta).
                let log = program.apply(.log, values)
                let ratio = program.scaleAndShift(
                    logDistance(of: values, above: group.lower, to: &program),
                    scales: group.lower.map { _ in 1 },
                    shifts: group.lower.map { Float(-logarithm($0)) }
                )
                let below = program.apply(.log, program.apply(.softplus, ratio))
                let distance = logDistance(of: values, below: group.upper, to: &program)
                let above = program.apply(
                    .log,
                    program.apply(.softplus, program.subtract(distance, log))
                )
                parts.append(program.subtract(below, above))
                logs.append(program.scale(program.add(below, above), by: -1))
                logs.append(program.scale(log, by: -1))
                constant += group.logLogWidth
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
            case .above:
                parts.append(
                    program.scaleAndShift(
                        program.apply(.exp, values),
                        scales: group.lower.map { _ in 1 },
                        shifts: group.lower.map { Float($0) }
                    )
                )
            case .below:
                parts.append(
                    program.scaleAndShift(
                        program.apply(.exp, program.scale(values, by: -1)),
                        scales: group.upper.map { _ in -1 },
                        shifts: group.upper.map { Float($0) }
                    )
                )
            case .logInterval:
                parts.append(
                    program.apply(.exp, logTheta(of: values, in: group, to: &program))
                )
            }
        }
        return reassemble(parts, to: &program)
    }

    /// log(theta − lower).
    private func logDistance(
        of theta: LaneValue,
        above lower: [Double],
        to program: inout LaneProgram
    ) -> LaneValue {
        program.apply(
            .log,
            program.scaleAndShift(
                theta,
                scales: lower.map { _ in 1 },
                shifts: lower.map { Float(-$0) }
            )
        )
    }

    /// log(upper − theta).
    private func logDistance(
        of theta: LaneValue,
        below upper: [Double],
        to program: inout LaneProgram
    ) -> LaneValue {
        program.apply(
            .log,
            program.scaleAndShift(
                theta,
                scales: upper.map { _ in -1 },
                shifts: upper.map { Float($0) }
            )
        )
    }

    /// log theta = log lower + log(upper / lower) σ(u), of log intervals.
    private func logTheta(
        of u: LaneValue,
        in group: Group,
        to program: inout LaneProgram
    ) -> LaneValue {
        program.scaleAndShift(
            program.apply(.sigmoid, u),
            scales: zip(group.lower, group.upper).map { Float(logarithm($1 / $0)) },
            shifts: group.lower.map { Float(logarithm($0)) }
        )
    }

    /// −log σ(u) − log σ(−u), minus the log density of the logistic distribution.
    private func minusLogLogistic(
        of u: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        program.add(
            program.apply(.softplus, u),
            program.apply(.softplus, program.scale(u, by: -1))
        )
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
            case .positive, .above: logs.append(program.scale(values, by: -1))
            case .below: logs.append(values)
            case .interval:
                logs.append(minusLogLogistic(of: values, to: &program))
                constant -= group.logWidth
            case .logInterval:
                logs.append(minusLogLogistic(of: values, to: &program))
                logs.append(
                    program.scale(logTheta(of: values, in: group, to: &program), by: -1)
                )
                constant -= group.logLogWidth
            }
        }
        guard !logs.isEmpty else { return nil }
        let sum = program.sum(program.concatenate(logs))
        return program.scale(sum, by: 1, plus: Float(constant))
    }
}

/// The natural logarithm of a number.
func logarithm(_ x: Double) -> Double { log(x) }
