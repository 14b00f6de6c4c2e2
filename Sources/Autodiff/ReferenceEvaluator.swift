import Kernels

/// Evaluates a program for one sample in Double, node by node: the naive twin of `LaneEvaluator`
/// and `GradientEvaluator`.
public struct ReferenceEvaluator {
    private let program: LaneProgram
    private let parameters: [Double]
    private var values: [[Double]] = []

    /// Evaluates every node.
    ///
    /// - Parameters:
    ///   - program: The graph.
    ///   - parameters: The weights, in the program's layout.
    ///   - inputs: One vector for each declared input.
    public init(_ program: LaneProgram, parameters: [Double], inputs: [[Double]]) {
        precondition(parameters.count == program.layout.count)
        precondition(inputs.map(\.count) == program.inputs.map(\.width), "inputs of other widths")
        self.program = program
        self.parameters = parameters
        for node in program.nodes {
            values.append(evaluate(node, inputs))
        }
    }

    /// The value of a node.
    public func value(_ value: LaneValue) -> [Double] { values[value.node] }

    /// The gradient of the parameters that the program's sinks collect from this sample.
    public func parameterGradient() -> [Double] {
        var gradient = [Double](repeating: 0, count: parameters.count)
        for sink in program.sinks {
            switch sink {
            case .outer(let block, let cotangent, let source):
                let matrix = program.layout.matrices[block.matrix]
                for (i, row) in block.rows.enumerated() {
                    for (k, column) in block.columns.enumerated()
                    where matrix.rowExtents[row].contains(column) {
                        for position in 0..<block.positions {
                            gradient[matrix.offset + row * matrix.stride + column] +=
                                values[cotangent][i * block.positions + position]
                                * values[source][k * block.positions + position]
                        }
                    }
                }
            case .rowSums(let offset, let cotangent):
                for (i, value) in values[cotangent].enumerated() { gradient[offset + i] += value }
            }
        }
        return gradient
    }

    private func evaluate(_ node: LaneNode, _ inputs: [[Double]]) -> [Double] {
        func operand(_ position: Int) -> [Double] { values[node.operands[position]] }
        switch node.operation {
        case .input(let index): return inputs[index]
        case .literal(let constants): return constants.map(Double.init)
        case .parameters(let index, let range):
            let offset = program.layout.vectors[index].offset
            return range.map { parameters[offset + $0] }
        case .linear(let block, let transposed):
            let product = product(block, transposed, operand(0))
            return node.operands.count < 2 ? product : zip(product, operand(1)).map(+)
        case .unary(let function): return operand(0).map(function.naive)
        case .binary(let function): return zip(operand(0), operand(1)).map(function.naive)
        case .scaleAndShift(let scales, let shifts):
            return operand(0).enumerated().map { Double(scales[$0]) * $1 + Double(shifts[$0]) }
        case .select:
            return (0..<node.width).map { operand(0)[$0] > 0 ? operand(1)[$0] : operand(2)[$0] }
        case .gather(let indices): return indices.map { operand(0)[$0] }
        case .scatterAdd(let indices):
            var sums = [Double](repeating: 0, count: node.width)
            for (index, value) in zip(indices, operand(0)) { sums[index] += value }
            return sums
        case .contraction(let terms):
            var sums = [Double](repeating: 0, count: node.width)
            for term in terms {
                sums[term.target] += operand(0)[term.left] * operand(1)[term.right]
            }
            return sums
        case .concatenate: return node.operands.flatMap { values[$0] }
        case .groups(let function, let count):
            return function.naive(
                operand(0),
                node.operands.count > 1 ? operand(1) : [],
                groups: count
            )
        case .groupMaximum(let size):
            return (0..<node.width).map { group in
                operand(0)[(group * size)..<((group + 1) * size)].max() ?? 0
            }
        }
    }

    private func product(_ block: MatrixBlock, _ transposed: Bool, _ x: [Double]) -> [Double] {
        let matrix = program.layout.matrices[block.matrix]
        let offset =
            matrix.offset + block.rows.lowerBound * matrix.stride
            + block.columns.lowerBound
        let rows = transposed ? block.columns.count : block.rows.count
        var result = [Double](repeating: 0, count: rows * block.positions)
        for position in 0..<block.positions {
            let product = naiveProduct(
                weights: parameters,
                matrix: MatrixView(
                    offset: offset,
                    rowStride: transposed ? 1 : matrix.stride,
                    innerStride: transposed ? matrix.stride : 1
                ),
                rows: rows,
                source: stride(from: position, to: x.count, by: block.positions).map { x[$0] }
            )
            for row in 0..<rows { result[row * block.positions + position] = product[row] }
        }
        return result
    }
}
