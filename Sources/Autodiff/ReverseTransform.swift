import Kernels

extension LaneProgram {
    /// Appends reverse-mode derivatives: vᵀ ∂output/∂input for a cotangent v of the output.
    ///
    /// The new nodes belong to the same graph, so they can be differentiated again.
    ///
    /// *Reference*: Griewank and Walther (2008), Evaluating Derivatives, chapter 3.
    ///
    /// - Parameters:
    ///   - output: The value to differentiate.
    ///   - cotangent: v, of the output's width.
    ///   - values: What to differentiate by; any values of the program.
    ///   - held: Values that do not move, whatever they were made of.
    ///   - sinks: Whether the sums of the parameter gradient are added, too.
    /// - Returns: A cotangent for each of `values`; zeros where the output does not depend on one.
    public mutating func appendCotangents(
        of output: LaneValue,
        cotangent: LaneValue,
        withRespectTo values: [LaneValue],
        holding held: [LaneValue] = [],
        parameterSinks sinks: Bool = false
    ) -> [LaneValue] {
        precondition(cotangent.width == output.width, "a cotangent of width \(cotangent.width)")
        var needed = [Bool](repeating: false, count: output.node + 1)
        for value in values where value.node <= output.node { needed[value.node] = true }
        let held = Set(held.map(\.node))
        for index in 0...output.node where !held.contains(index) {
            let node = nodes[index]
            if node.operands.contains(where: { needed[$0] }) { needed[index] = true }
            if sinks {
                switch node.operation {
                case .parameters, .linear: needed[index] = true
                default: break
                }
            }
        }
        var cotangents: [Int: LaneValue] = [output.node: cotangent]
        for index in stride(from: output.node, through: 0, by: -1)
        where needed[index] && !held.contains(index) {
            guard let cotangent = cotangents[index] else { continue }
            let node = nodes[index]
            if sinks { appendSinks(of: node, cotangent: cotangent) }
            let operands = node.operands.map { needed[$0] ? value($0) : nil }
            let contributions = cotangentRule(index, node, cotangent, operands)
            for (operand, contribution) in zip(node.operands, contributions) {
                guard let contribution else { continue }
                cotangents[operand] =
                    cotangents[operand].map { add($0, contribution) } ?? contribution
            }
        }
        return values.map { value in
            cotangents[value.node] ?? literal(Array(repeating: 0, count: value.width))
        }
    }

    private mutating func appendSinks(of node: LaneNode, cotangent: LaneValue) {
        switch node.operation {
        case .parameters(let vector, let range):
            let offset = layout.vectors[vector].offset + range.lowerBound
            sinks.append(.rowSums(offset: offset, cotangent: cotangent.node))
        case .linear(let block, let transposed):
            let (row, column) =
                transposed
                ? (node.operands[0], cotangent.node) : (cotangent.node, node.operands[0])
            sinks.append(.outer(block, cotangent: row, source: column))
        default: break
        }
    }

    /// The contributions to the operands' cotangents; `operands` holds nil where none is needed.
    private mutating func cotangentRule(
        _ index: Int,
        _ node: LaneNode,
        _ cotangent: LaneValue,
        _ operands: [LaneValue?]
    ) -> [LaneValue?] {
        switch node.operation {
        case .input, .literal, .parameters: return []
        case .linear(let block, let transposed):
            let back = operands[0].map { _ in
                linear(block, transposed: !transposed, cotangent)
            }
            return [back] + operands.dropFirst().map { $0.map { _ in cotangent } }
        case .unary(let function):
            guard let x = operands[0] else { return [nil] }
            return [unaryDerivative(function, x: x, result: value(index), times: cotangent)]
        case .binary(let function):
            return binaryPullback(function, node, operands, result: value(index), cotangent)
        case .scaleAndShift(let scales, _):
            let zeros = [Float](repeating: 0, count: scales.count)
            return [
                operands[0].map { _ in scaleAndShift(cotangent, scales: scales, shifts: zeros) }
            ]
        case .select:
            let condition = value(node.operands[0])
            let zero = literal(Array(repeating: 0, count: node.width))
            return [
                nil,
                operands[1].map { _ in select(condition, cotangent, zero) },
                operands[2].map { _ in select(condition, zero, cotangent) },
            ]
        case .gather(let indices):
            return [operands[0].map { scatterAdd(cotangent, indices, width: $0.width) }]
        case .scatterAdd(let indices):
            return [operands[0].map { _ in gather(cotangent, indices) }]
        case .contraction(let terms):
            let a = value(node.operands[0])
            let b = value(node.operands[1])
            return [
                operands[0].map { _ in
                    contraction(
                        cotangent,
                        b,
                        terms: terms.map {
                            .init(target: $0.left, left: $0.target, right: $0.right)
                        },
                        width: a.width
                    )
                },
                operands[1].map { _ in
                    contraction(
                        cotangent,
                        a,
                        terms: terms.map {
                            .init(target: $0.right, left: $0.target, right: $0.left)
                        },
                        width: b.width
                    )
                },
            ]
        case .concatenate:
            var start = 0
            var parts: [LaneValue?] = []
            for (operand, needed) in zip(node.operands, operands) {
                let width = nodes[operand].width
                parts.append(needed.map { _ in slice(cotangent, start..<(start + width)) })
                start += width
            }
            return parts
        case .groups(let function, let count):
            return groupPullback(function, count, node, operands, result: value(index), cotangent)
        case .groupMaximum(let size):
            guard let x = operands[0] else { return [nil] }
            let spread = (0..<x.width).map { $0 / size }
            let mask = largestMask(x, result: value(index), spread)
            return [multiply(gather(cotangent, spread), mask)]
        }
    }

    /// One where x is the largest of its group, else zero.
    mutating func largestMask(
        _ x: LaneValue,
        result: LaneValue,
        _ spread: [Int]
    ) -> LaneValue {
        let gap = subtract(gather(result, spread), x)
        return scale(apply(.step, gap), by: -1, plus: 1)
    }

    /// f′(x) ⊙ direction: the derivative is diagonal, so tangents and cotangents go the same way.
    mutating func unaryDerivative(
        _ function: UnaryFunction,
        x: LaneValue,
        result: LaneValue,
        times direction: LaneValue
    ) -> LaneValue? {
        switch function {
        case .exp: multiply(direction, result)
        case .log: apply(.divide, direction, x)
        case .tanh: apply(.tanhCotangent, direction, result)
        case .sigmoid:
            multiply(direction, multiply(result, scale(result, by: -1, plus: 1)))
        case .softplus: multiply(direction, apply(.sigmoid, x))
        case .squareRoot: scale(apply(.divide, direction, result), by: 0.5)
        case .step: nil
        }
    }

    private mutating func binaryPullback(
        _ function: BinaryFunction,
        _ node: LaneNode,
        _ operands: [LaneValue?],
        result: LaneValue,
        _ cotangent: LaneValue
    ) -> [LaneValue?] {
        let a = value(node.operands[0])
        let b = value(node.operands[1])
        switch function {
        case .add: return [operands[0].map { _ in cotangent }, operands[1].map { _ in cotangent }]
        case .subtract:
            return [
                operands[0].map { _ in cotangent },
                operands[1].map { _ in scale(cotangent, by: -1) },
            ]
        case .multiply:
            return [
                operands[0].map { _ in multiply(cotangent, b) },
                operands[1].map { _ in multiply(cotangent, a) },
            ]
        case .divide:
            let quotient = apply(.divide, cotangent, b)
            return [
                operands[0].map { _ in quotient },
                operands[1].map { _ in scale(multiply(quotient, result), by: -1) },
            ]
        case .tanhCotangent:
            return [
                operands[0].map { _ in apply(.tanhCotangent, cotangent, b) },
                operands[1].map { _ in scale(multiply(cotangent, multiply(a, b)), by: -2) },
            ]
        }
    }
}
