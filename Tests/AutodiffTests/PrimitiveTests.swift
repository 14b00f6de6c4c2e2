import Autodiff
import Kernels
import TestSupport
import Testing

/// Every primitive of lane programs, alone.
@Suite struct PrimitiveTests {
    static let cases: [ProgramCase] = elementwise + structural + linear + groups

    private static let elementwise: [ProgramCase] = [
        ProgramCase("exp", inputWidth: 3) { $0.apply(.exp, $1) },
        ProgramCase("log", inputWidth: 3, range: .between(0.5, 3.5)) {
            $0.apply(.log, $1)
        },
        ProgramCase("tanh", inputWidth: 3) { $0.apply(.tanh, $1) },
        ProgramCase("sigmoid", inputWidth: 3) { $0.apply(.sigmoid, $1) },
        ProgramCase("softplus", inputWidth: 3) { $0.apply(.softplus, $1) },
        ProgramCase("squareRoot", inputWidth: 3, range: .between(0.5, 3.5)) {
            $0.apply(.squareRoot, $1)
        },
        ProgramCase("step", inputWidth: 3, range: .between(0.5, 1.5)) {
            $0.multiply($0.apply(.step, $1), $1)
        },
        ProgramCase("add and subtract", inputWidth: 4) {
            let head = $0.slice($1, 0..<2)
            let tail = $0.slice($1, 2..<4)
            return $0.concatenate([$0.add(head, tail), $0.subtract(head, tail)])
        },
        ProgramCase("multiply", inputWidth: 4) {
            $0.multiply($0.slice($1, 0..<2), $0.slice($1, 2..<4))
        },
        ProgramCase("square", inputWidth: 2) { $0.multiply($1, $1) },
        ProgramCase("divide", inputWidth: 4, range: .between(1, 2)) {
            $0.apply(.divide, $0.slice($1, 0..<2), $0.slice($1, 2..<4))
        },
        ProgramCase("tanhCotangent", inputWidth: 4) {
            $0.apply(.tanhCotangent, $0.slice($1, 0..<2), $0.slice($1, 2..<4))
        },
        ProgramCase("scaleAndShift", inputWidth: 2) {
            $0.scaleAndShift($1, scales: [2, -3], shifts: [0.5, 1])
        },
        ProgramCase("select", inputWidth: 6, range: .awayFromZero) {
            $0.select($0.slice($1, 0..<2), $0.slice($1, 2..<4), $0.slice($1, 4..<6))
        },
    ]

    private static let structural: [ProgramCase] = [
        ProgramCase("gather with repeats", inputWidth: 3) { $0.gather($1, [2, 0, 0, 1, 2]) },
        ProgramCase("slice of a computed value", inputWidth: 5) {
            $0.slice($0.apply(.tanh, $1), 1..<4)
        },
        ProgramCase("scatterAdd", inputWidth: 4) { $0.scatterAdd($1, [1, 1, 0, 3], width: 5) },
        ProgramCase("contraction", inputWidth: 5) {
            let terms = [(2, 0, 1), (0, 1, 1), (2, 1, 0), (0, 0, 2)]
                .map { ContractionTerm(target: $0.0, left: $0.1, right: $0.2) }
            return $0.contraction($0.slice($1, 0..<2), $0.slice($1, 2..<5), terms: terms, width: 3)
        },
        ProgramCase("concatenate, one part twice", inputWidth: 2) {
            let activated = $0.apply(.tanh, $1)
            let chain = $0.concatenate([$1, activated])
            return $0.concatenate([chain, activated, $0.apply(.exp, activated)])
        },
        ProgramCase("groupMaximum", inputWidth: 6) {
            $0.groupMaximum($0.apply(.exp, $1), size: 3)
        },
        ProgramCase("logSumExp", inputWidth: 4) { $0.logSumExp($1) },
        ProgramCase("relu", inputWidth: 4, range: .awayFromZero) {
            $0.relu($1)
        },
        ProgramCase("literal operand", inputWidth: 2) { $0.multiply($1, $0.literal([2, -1])) },
    ]

    private static let layout: ParameterLayout = {
        var layout = ParameterLayout()
        _ = layout.addMatrix("dense.weight", rows: 13, columns: 5)
        _ = layout.addVector("dense.bias", count: 13)
        let extents = (0..<13).map { 0..<min(5, $0 / 3) }
        _ = layout.addMatrix("triangular.weight", rows: 13, columns: 5, rowExtents: extents)
        _ = layout.addMatrix("wide.weight", rows: 2, columns: 21)
        return layout
    }()

    private static let linear: [ProgramCase] = [
        ProgramCase("linear with bias", layout: layout, inputWidth: 5) {
            $0.linear(0, $1, adding: $0.parameters(0))
        },
        ProgramCase("block-triangular linear", layout: layout, inputWidth: 5) {
            $0.linear(1, $1)
        },
        ProgramCase("two layers", layout: layout, inputWidth: 5) {
            let hidden = $0.apply(.tanh, $0.linear(0, $1, adding: $0.parameters(0)))
            let second = $0.linear(1, $0.slice(hidden, 3..<8), adding: hidden)
            let padded = $0.concatenate([hidden, $0.slice(second, 2..<10)])
            return $0.linear(2, padded)
        },
        ProgramCase("linear at three positions", layout: layout, inputWidth: 15) {
            let bias = $0.gather($0.parameters(0), (0..<39).map { $0 / 3 })
            let wide = $0.apply(.tanh, $0.linear(0, $1, positions: 3, adding: bias))
            return $0.linear(1, $0.slice(wide, 3..<18), rows: 5..<9, positions: 3)
        },
        ProgramCase("bias alone", layout: layout, inputWidth: 13) {
            $0.multiply($0.apply(.softplus, $0.parameters(0)), $1)
        },
        // Rows of the triangular matrix end where their sources do; those of the dense one go on.
        ProgramCase("neighbouring rows, one group after another", layout: layout, inputWidth: 5) {
            let first = $0.apply(.tanh, $0.slice($1, 0..<2))
            let sources = [first, $0.concatenate([first, $0.apply(.exp, $0.slice($1, 2..<4))])]
            var parts: [LaneValue] = []
            for matrix in 0..<2 {
                for (rows, source) in zip([6..<9, 9..<13], sources) {
                    let sum = $0.linear(
                        matrix,
                        source,
                        rows: rows,
                        columns: 0..<source.width,
                        adding: $0.parameters(0, rows)
                    )
                    parts.append($0.apply(.sigmoid, sum))
                }
            }
            return $0.concatenate(parts)
        },
        ProgramCase("sums of products", layout: layout, inputWidth: 5) {
            let once = $0.linear(0, $1)
            let twice = $0.linear(1, $0.apply(.tanh, $1))
            let sum = $0.add(once, twice)
            let again = $0.add($0.linear(0, $0.apply(.exp, $1)), $0.multiply(sum, twice))
            return $0.add(again, $0.add($0.parameters(0), $0.linear(1, $1)))
        },
        ProgramCase("block of rows and columns", layout: layout, inputWidth: 3) {
            $0.linear(1, $1, rows: 7..<13, columns: 0..<3, adding: $0.parameters(0, 7..<13))
        },
    ]

    /// Edges of four bins from −3 to 3.
    private static let edges = BinEdges(size: 4, start: -3, step: 0.6, slope: 3.6)

    private static let groups: [ProgramCase] = [
        ProgramCase("softmax", inputWidth: 8) { $0.apply(.softmax(size: 4), $1, count: 2) },
        ProgramCase("derivative of the softmax", inputWidth: 16) {
            let shares = $0.apply(.softmax(size: 4), $0.slice($1, 0..<8), count: 2)
            return $0.apply(
                .softmaxDerivative(size: 4),
                shares,
                $0.apply(.tanh, $0.slice($1, 8..<16)),
                count: 2
            )
        },
        ProgramCase("edges of the bin of a value", inputWidth: 10) {
            let shares = $0.apply(.softmax(size: 4), $0.slice($1, 0..<8), count: 2)
            let value = $0.slice($1, 8..<10)
            let bin = $0.apply(.binIndex(edges), shares, value, count: 2)
            let selected = $0.apply(.edges(edges), shares, bin, count: 2)
            return $0.concatenate([bin, selected, value])
        },
        ProgramCase("edges, transposed", inputWidth: 14) {
            let shares = $0.apply(.softmax(size: 4), $0.slice($1, 0..<8), count: 2)
            let bin = $0.apply(.binIndex(edges), shares, $0.slice($1, 8..<10), count: 2)
            let two = $0.apply(.tanh, $0.slice($1, 10..<14))
            return $0.apply(.edgesTransposed(size: 4, slope: 0.7), two, bin, count: 2)
        },
        ProgramCase("knots at the bin of a value", inputWidth: 16) {
            let shares = $0.apply(.softmax(size: 4), $0.slice($1, 0..<8), count: 2)
            let bin = $0.apply(.binIndex(edges), shares, $0.slice($1, 8..<10), count: 2)
            let heights = $0.apply(.tanh, $0.slice($1, 10..<16))
            return $0.apply(.knots(size: 3, outside: 0.5), heights, bin, count: 2)
        },
        ProgramCase("knots, transposed", inputWidth: 14) {
            let shares = $0.apply(.softmax(size: 4), $0.slice($1, 0..<8), count: 2)
            let bin = $0.apply(.binIndex(edges), shares, $0.slice($1, 8..<10), count: 2)
            let two = $0.apply(.tanh, $0.slice($1, 10..<14))
            return $0.apply(.knotsTransposed(size: 3), two, bin, count: 2)
        },
    ]

    @Test(arguments: cases)
    func `derivatives of first and second order agree with differences`(test: ProgramCase) {
        checkDerivatives(test)
    }

    @Test(arguments: cases)
    func `lanes agree with the reference and with themselves in another batch`(test: ProgramCase) {
        checkLanes(test)
    }

    @Test(arguments: linear)
    func `parameter gradients agree with differences at any worker count`(test: ProgramCase) {
        checkParameterGradient(test)
    }
}
