import Kernels

// Derivatives of functions of groups. Selectors are constant wherever a derivative exists, and
// what is linear in its groups is transposed for cotangents and repeated for tangents.
extension LaneProgram {
    /// The contributions to the operands' cotangents.
    mutating func groupPullback(
        _ function: GroupFunction,
        _ count: Int,
        _ node: LaneNode,
        _ operands: [LaneValue?],
        result: LaneValue,
        _ cotangent: LaneValue
    ) -> [LaneValue?] {
        switch function {
        case .softmax(let size):
            return [
                operands[0].map { _ in
                    apply(.softmaxDerivative(size: size), result, cotangent, count: count)
                }
            ]
        case .softmaxDerivative(let size):
            let shares = value(node.operands[0])
            let direction = value(node.operands[1])
            return [
                operands[0].map { _ in
                    let spread = (0..<shares.width).map { $0 / size }
                    let mean = groupSums(multiply(shares, direction), size: size, spread)
                    let weight = groupSums(multiply(cotangent, shares), size: size, spread)
                    return subtract(
                        multiply(cotangent, subtract(direction, mean)),
                        multiply(weight, direction)
                    )
                },
                operands[1].map { _ in apply(function, shares, cotangent, count: count) },
            ]
        case .binIndex: return [nil, nil]
        case .edges(let edges):
            let transposed = GroupFunction.edgesTransposed(size: edges.size, slope: edges.slope)
            return transposedPullback(transposed, count, node, operands, cotangent)
        case .edgesTransposed(let size, let slope):
            let edges = BinEdges(size: size, start: 0, step: 0, slope: slope)
            return transposedPullback(.edges(edges), count, node, operands, cotangent)
        case .knots(let size, _):
            let transposed = GroupFunction.knotsTransposed(size: size)
            return transposedPullback(transposed, count, node, operands, cotangent)
        case .knotsTransposed(let size):
            let knots = GroupFunction.knots(size: size, outside: 0)
            return transposedPullback(knots, count, node, operands, cotangent)
        }
    }

    private mutating func transposedPullback(
        _ transposed: GroupFunction,
        _ count: Int,
        _ node: LaneNode,
        _ operands: [LaneValue?],
        _ cotangent: LaneValue
    ) -> [LaneValue?] {
        let selector = value(node.operands[1])
        return [
            operands[0].map { _ in apply(transposed, cotangent, selector, count: count) }, nil,
        ]
    }

    /// The tangent of the result.
    mutating func groupPushforward(
        _ function: GroupFunction,
        _ count: Int,
        _ node: LaneNode,
        _ incoming: [LaneValue?],
        result: LaneValue
    ) -> LaneValue? {
        switch function {
        case .softmax(let size):
            return incoming[0].map {
                apply(.softmaxDerivative(size: size), result, $0, count: count)
            }
        case .softmaxDerivative(let size):
            let shares = value(node.operands[0])
            let direction = value(node.operands[1])
            let spread = (0..<shares.width).map { $0 / size }
            let ofShares = incoming[0].map { tangent in
                let mean = groupSums(multiply(shares, direction), size: size, spread)
                let shift = groupSums(multiply(tangent, direction), size: size, spread)
                return subtract(
                    multiply(tangent, subtract(direction, mean)),
                    multiply(shares, shift)
                )
            }
            let ofDirection = incoming[1].map { apply(function, shares, $0, count: count) }
            return sum(ofShares, ofDirection)
        case .binIndex: return nil
        case .edges(let edges):
            let linear = BinEdges(size: edges.size, start: 0, step: 0, slope: edges.slope)
            return repeated(.edges(linear), count, node, incoming)
        case .edgesTransposed, .knotsTransposed:
            return repeated(function, count, node, incoming)
        case .knots(let size, _):
            return repeated(.knots(size: size, outside: 0), count, node, incoming)
        }
    }

    private mutating func repeated(
        _ function: GroupFunction,
        _ count: Int,
        _ node: LaneNode,
        _ incoming: [LaneValue?]
    ) -> LaneValue? {
        incoming[0].map { apply(function, $0, value(node.operands[1]), count: count) }
    }

    /// The sum of each group, once for each member.
    private mutating func groupSums(_ x: LaneValue, size: Int, _ spread: [Int]) -> LaneValue {
        gather(scatterAdd(x, spread, width: x.width / size), spread)
    }
}
