import Kernels

extension LaneProgram {
    /// Appends forward-mode derivatives: ∂output/∂inputs · v for tangents v of some values.
    ///
    /// The new nodes belong to the same graph, so they can be differentiated again.
    ///
    /// *Reference*: Griewank and Walther (2008), Evaluating Derivatives, chapter 3.
    ///
    /// - Parameters:
    ///   - outputs: The values to differentiate.
    ///   - seeds: The values that move, each with its tangent.
    /// - Returns: A tangent for each output; zeros where it does not move.
    public mutating func appendTangents(
        of outputs: [LaneValue],
        along seeds: [(value: LaneValue, tangent: LaneValue)]
    ) -> [LaneValue] {
        var tangents: [Int: LaneValue] = [:]
        for seed in seeds {
            precondition(seed.value.width == seed.tangent.width, "a tangent of another width")
            tangents[seed.value.node] = seed.tangent
        }
        let last = outputs.map(\.node).max() ?? -1
        for index in 0..<(last + 1) where tangents[index] == nil {
            let node = nodes[index]
            let incoming = node.operands.map { tangents[$0] }
            guard incoming.contains(where: { $0 != nil }) else { continue }
            tangents[index] = tangentRule(index, node, incoming)
        }
        return outputs.map { output in
            tangents[output.node] ?? literal(Array(repeating: 0, count: output.width))
        }
    }

    private mutating func tangentRule(
        _ index: Int,
        _ node: LaneNode,
        _ incoming: [LaneValue?]
    ) -> LaneValue? {
        switch node.operation {
        case .input, .literal, .parameters: return nil
        case .linear(let block, let transposed):
            let addend = incoming.count > 1 ? incoming[1] : nil
            guard let x = incoming[0] else { return addend }
            return linear(block, transposed: transposed, x, adding: addend)
        case .unary(let function):
            guard let tangent = incoming[0] else { return nil }
            return unaryDerivative(
                function,
                x: value(node.operands[0]),
                result: value(index),
                times: tangent
            )
        case .binary(let function):
            return binaryPushforward(function, node, incoming, result: value(index))
        case .scaleAndShift(let scales, _):
            let zeros = [Float](repeating: 0, count: scales.count)
            return incoming[0].map { scaleAndShift($0, scales: scales, shifts: zeros) }
        case .select:
            let zero = literal(Array(repeating: 0, count: node.width))
            guard incoming[1] != nil || incoming[2] != nil else { return nil }
            return select(value(node.operands[0]), incoming[1] ?? zero, incoming[2] ?? zero)
        case .gather(let indices): return incoming[0].map { gather($0, indices) }
        case .scatterAdd(let indices):
            return incoming[0].map { scatterAdd($0, indices, width: node.width) }
        case .contraction(let terms):
            let a = value(node.operands[0])
            let b = value(node.operands[1])
            return sum(
                incoming[0].map { contraction($0, b, terms: terms, width: node.width) },
                incoming[1].map { contraction(a, $0, terms: terms, width: node.width) }
            )
        case .concatenate:
            let parts = zip(node.operands, incoming).map { operand, tangent in
                tangent ?? literal(Array(repeating: 0, count: nodes[operand].width))
            }
            return concatenate(parts)
        case .groups(let function, let count):
            return groupPushforward(function, count, node, incoming, result: value(index))
        case .groupMaximum(let size):
            guard let tangent = incoming[0] else { return nil }
            let x = value(node.operands[0])
            let spread = (0..<x.width).map { $0 / size }
            let mask = largestMask(x, result: value(index), spread)
            return scatterAdd(multiply(tangent, mask), spread, width: node.width)
        }
    }

    /// The sum of what is there.
    mutating func sum(_ a: LaneValue?, _ b: LaneValue?) -> LaneValue? {
        guard let a else { return b }
        guard let b else { return a }
        return add(a, b)
    }

    private mutating func binaryPushforward(
        _ function: BinaryFunction,
        _ node: LaneNode,
        _ incoming: [LaneValue?],
        result: LaneValue
    ) -> LaneValue? {
        let a = value(node.operands[0])
        let b = value(node.operands[1])
        switch function {
        case .add: return sum(incoming[0], incoming[1])
        case .subtract: return sum(incoming[0], incoming[1].map { scale($0, by: -1) })
        case .multiply:
            return sum(
                incoming[0].map { multiply($0, b) },
                incoming[1].map { multiply(a, $0) }
            )
        case .divide:
            let numerator = sum(
                incoming[0],
                incoming[1].map { scale(multiply(result, $0), by: -1) }
            )
            return numerator.map { apply(.divide, $0, b) }
        case .tanhCotangent:
            return sum(
                incoming[0].map { apply(.tanhCotangent, $0, b) },
                incoming[1].map { scale(multiply(multiply(a, b), $0), by: -2) }
            )
        }
    }
}
