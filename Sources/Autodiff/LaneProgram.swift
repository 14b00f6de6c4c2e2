public import Kernels

/// How often a value of a program changes.
public enum LaneRate: Int, Sendable, Comparable {
    /// Never, once the parameters are set.
    case constant
    /// With the observation.
    case observation
    /// With every sample.
    case sample

    /// Orders rates from the rarest change to the most frequent.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A value of a lane program: a column of `width` scalars for each sample.
public struct LaneValue: Sendable, Hashable {
    /// Its place among the program's nodes.
    let node: Int
    /// Number of scalars.
    public let width: Int
}

/// What feeds an input of a program.
public enum LaneInputKind: Sendable, Hashable {
    /// A table with one row an observation or a sample, by the input's rate.
    case table
    /// Noise of the sample's draw.
    case noise(NoiseKind)
    /// One in lanes that carry a sample, zero in padding.
    case presence
}

/// An input a program declares.
public struct LaneInput: Sendable, Equatable {
    /// What feeds it.
    public let kind: LaneInputKind
    /// How often it changes.
    public let rate: LaneRate
    /// Number of scalars.
    public let width: Int
}

/// The maths of one sample as a graph of primitives.
///
/// Equal nodes are made once. A program is written, differentiated (`appendCotangents`,
/// `appendTangents`: both add nodes to the same graph, so they can be applied again), planned once
/// (`LanePlan`) and then run over tiles of samples in lanes.
public struct LaneProgram: Sendable {
    /// The parameters the program reads.
    public let layout: ParameterLayout
    /// The inputs, in the order they were declared.
    public private(set) var inputs: [LaneInput] = []
    /// The graph, in an order in which operands come first.
    private(set) var nodes: [LaneNode] = []
    /// How often each node changes.
    private(set) var rates: [LaneRate] = []
    /// Sums that go into the parameter gradient.
    var sinks: [ParameterSink] = []
    /// Nodes by content.
    private var known: [LaneNode: Int] = [:]
    /// The part of the layout that matrices and vectors are named in.
    private var part = ParameterLayout.Part.whole

    /// Makes an empty program over parameters.
    public init(layout: ParameterLayout) {
        self.layout = layout
    }

    /// Writes what reads a part of the layout in hand, its matrices and vectors counted from the
    /// part's first.
    public mutating func within<Result>(
        _ part: ParameterLayout.Part,
        _ body: (inout LaneProgram) -> Result
    ) -> Result {
        let outer = self.part
        self.part = ParameterLayout.Part(
            firstMatrix: outer.firstMatrix + part.firstMatrix,
            firstVector: outer.firstVector + part.firstVector,
            offset: outer.offset + part.offset
        )
        defer { self.part = outer }
        return body(&self)
    }

    /// Adds a node, or finds its equal.
    mutating func node(_ operation: LaneOperation, _ operands: [LaneValue], width: Int) -> LaneValue
    {
        precondition(width > 0, "a value of width \(width)")
        let node = LaneNode(
            operation: operation,
            operands: operands.map(\.node),
            width: width
        )
        if let index = known[node] { return LaneValue(node: index, width: width) }
        nodes.append(node)
        rates.append(operands.map { rates[$0.node] }.max() ?? .constant)
        known[node] = nodes.count - 1
        return LaneValue(node: nodes.count - 1, width: width)
    }

    /// The value of a node.
    func value(_ index: Int) -> LaneValue { LaneValue(node: index, width: nodes[index].width) }

    /// Checks that two values have one width.
    private func requireEqualWidths(_ values: LaneValue...) {
        precondition(
            values.allSatisfy { $0.width == values[0].width },
            "widths \(values.map(\.width)) differ"
        )
    }
}

// Leaves.
extension LaneProgram {
    /// Declares an input.
    public mutating func input(
        _ width: Int,
        rate: LaneRate,
        kind: LaneInputKind = .table
    ) -> LaneValue {
        inputs.append(LaneInput(kind: kind, rate: rate, width: width))
        let value = node(.input(inputs.count - 1), [], width: width)
        rates[value.node] = rate
        return value
    }

    /// Constants.
    public mutating func literal(_ values: [Float]) -> LaneValue {
        node(.literal(values), [], width: values.count)
    }

    /// A parameter vector, by its index in the layout, or a part of it.
    public mutating func parameters(_ vector: Int, _ range: Range<Int>? = nil) -> LaneValue {
        let vector = part.firstVector + vector
        let count = layout.vectors[vector].count
        let range = range ?? 0..<count
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count)")
        return node(.parameters(vector, range), [], width: range.count)
    }
}

// Primitives.
extension LaneProgram {
    /// W x + addend, of the whole matrix or a block of it.
    ///
    /// With several positions, x is `[columns, positions]`, the product is taken at each, and the
    /// addend and the result are `[rows, positions]`.
    public mutating func linear(
        _ matrix: Int,
        _ x: LaneValue,
        rows: Range<Int>? = nil,
        columns: Range<Int>? = nil,
        positions: Int = 1,
        adding addend: LaneValue? = nil
    ) -> LaneValue {
        let matrix = part.firstMatrix + matrix
        let shape = layout.matrices[matrix]
        let block = MatrixBlock(
            matrix: matrix,
            rows: rows ?? 0..<shape.rows,
            columns: columns ?? 0..<shape.columns,
            positions: positions
        )
        return linear(block, transposed: false, x, adding: addend)
    }

    /// Wᵀ x, of the whole matrix or a block of it: what takes a cotangent of W's product to one of
    /// what was multiplied.
    public mutating func transposedLinear(
        _ matrix: Int,
        _ x: LaneValue,
        rows: Range<Int>,
        columns: Range<Int>
    ) -> LaneValue {
        let block = MatrixBlock(matrix: part.firstMatrix + matrix, rows: rows, columns: columns)
        return linear(block, transposed: true, x)
    }

    mutating func linear(
        _ block: MatrixBlock,
        transposed: Bool,
        _ x: LaneValue,
        adding addend: LaneValue? = nil
    ) -> LaneValue {
        let (output, input) = transposed ? (block.columns, block.rows) : (block.rows, block.columns)
        let width = output.count * block.positions
        precondition(
            x.width == input.count * block.positions && (addend?.width ?? width) == width,
            "a block of \(block.rows) × \(block.columns) at \(block.positions) positions and a "
                + "value of width \(x.width)"
        )
        return node(
            .linear(block, transposed: transposed),
            [x] + (addend.map { [$0] } ?? []),
            width: width
        )
    }

    /// A function of each scalar.
    public mutating func apply(_ function: UnaryFunction, _ x: LaneValue) -> LaneValue {
        node(.unary(function), [x], width: x.width)
    }

    /// A function of two values of one width.
    public mutating func apply(
        _ function: BinaryFunction,
        _ a: LaneValue,
        _ b: LaneValue
    ) -> LaneValue {
        requireEqualWidths(a, b)
        return node(.binary(function), [a, b], width: a.width)
    }

    /// scales ⊙ x + shifts.
    public mutating func scaleAndShift(
        _ x: LaneValue,
        scales: [Float],
        shifts: [Float]
    ) -> LaneValue {
        precondition(scales.count == x.width && shifts.count == x.width)
        return node(.scaleAndShift(scales: scales, shifts: shifts), [x], width: x.width)
    }

    /// condition > 0 ? a : b.
    public mutating func select(
        _ condition: LaneValue,
        _ a: LaneValue,
        _ b: LaneValue
    ) -> LaneValue {
        requireEqualWidths(condition, a, b)
        return node(.select, [condition, a, b], width: a.width)
    }

    /// y[i] = x[indices[i]].
    public mutating func gather(_ x: LaneValue, _ indices: [Int]) -> LaneValue {
        precondition(indices.allSatisfy { $0 >= 0 && $0 < x.width }, "indices of \(x.width)")
        if indices == Array(0..<x.width) { return x }
        return node(.gather(indices), [x], width: indices.count)
    }

    /// y[indices[i]] += x[i], of width `width`.
    public mutating func scatterAdd(
        _ x: LaneValue,
        _ indices: [Int],
        width: Int
    ) -> LaneValue {
        precondition(
            indices.count == x.width && indices.allSatisfy { $0 >= 0 && $0 < width },
            "\(indices.count) indices below \(width) for a value of width \(x.width)"
        )
        return node(.scatterAdd(indices), [x], width: width)
    }

    /// y[i] = Σ a[l] b[r] over terms (i, l, r).
    public mutating func contraction(
        _ a: LaneValue,
        _ b: LaneValue,
        terms: [ContractionTerm],
        width: Int
    ) -> LaneValue {
        precondition(
            terms.allSatisfy {
                $0.target >= 0 && $0.target < width && $0.left >= 0 && $0.left < a.width
                    && $0.right >= 0 && $0.right < b.width
            },
            "terms outside \(a.width) × \(b.width) → \(width)"
        )
        // A stable order within a target keeps the sums' order that of the caller.
        let sorted = terms.enumerated()
            .sorted { ($0.element.target, $0.offset) < ($1.element.target, $1.offset) }
            .map(\.element)
        return node(.contraction(sorted), [a, b], width: width)
    }

    /// The values one after the other.
    public mutating func concatenate(_ values: [LaneValue]) -> LaneValue {
        guard values.count > 1 else { return values[0] }
        return node(.concatenate, values, width: values.map(\.width).reduce(0, +))
    }

    /// The largest of each group of `size` neighbours.
    public mutating func groupMaximum(_ x: LaneValue, size: Int) -> LaneValue {
        precondition(size > 0 && x.width % size == 0, "\(x.width) values in groups of \(size)")
        return node(.groupMaximum(size: size), [x], width: x.width / size)
    }

    /// A function of `count` groups of neighbours.
    public mutating func apply(
        _ function: GroupFunction,
        _ left: LaneValue,
        _ right: LaneValue? = nil,
        count: Int
    ) -> LaneValue {
        precondition(
            left.width == function.leftRows(groups: count)
                && right?.width ?? 0 == function.rightRows(groups: count),
            "\(function) of \(count) groups and values of width \(left.width), \(right?.width ?? 0)"
        )
        return node(
            .groups(function, count: count),
            [left] + (right.map { [$0] } ?? []),
            width: function.resultRows(groups: count)
        )
    }
}

// Shorthand.
extension LaneProgram {
    /// a + b.
    public mutating func add(_ a: LaneValue, _ b: LaneValue) -> LaneValue { apply(.add, a, b) }

    /// a − b.
    public mutating func subtract(_ a: LaneValue, _ b: LaneValue) -> LaneValue {
        apply(.subtract, a, b)
    }

    /// a ⊙ b.
    public mutating func multiply(_ a: LaneValue, _ b: LaneValue) -> LaneValue {
        apply(.multiply, a, b)
    }

    /// scale · x + shift.
    public mutating func scale(_ x: LaneValue, by scale: Float, plus shift: Float = 0) -> LaneValue
    {
        scaleAndShift(
            x,
            scales: Array(repeating: scale, count: x.width),
            shifts: Array(repeating: shift, count: x.width)
        )
    }

    /// max(x, 0).
    public mutating func relu(_ x: LaneValue) -> LaneValue {
        let zero = literal(Array(repeating: 0, count: x.width))
        return select(x, x, zero)
    }

    /// The neighbours `range` of x.
    public mutating func slice(_ x: LaneValue, _ range: Range<Int>) -> LaneValue {
        gather(x, Array(range))
    }

    /// The sum of all scalars, of width 1.
    public mutating func sum(_ x: LaneValue) -> LaneValue {
        x.width == 1 ? x : scatterAdd(x, Array(repeating: 0, count: x.width), width: 1)
    }

    /// Σ xᵢ², of width 1.
    public mutating func squaredNorm(_ x: LaneValue) -> LaneValue {
        contraction(
            x,
            x,
            terms: (0..<x.width).map { ContractionTerm(target: 0, left: $0, right: $0) },
            width: 1
        )
    }

    /// Σᵢ aᵢ bᵢ, of width 1.
    public mutating func dot(_ a: LaneValue, _ b: LaneValue) -> LaneValue {
        requireEqualWidths(a, b)
        return contraction(
            a,
            b,
            terms: (0..<a.width).map { ContractionTerm(target: 0, left: $0, right: $0) },
            width: 1
        )
    }

    /// log Σ exp x over all scalars, of width 1, shifted by their maximum.
    public mutating func logSumExp(_ x: LaneValue) -> LaneValue {
        let largest = groupMaximum(x, size: x.width)
        let shifted = subtract(x, gather(largest, Array(repeating: 0, count: x.width)))
        return add(apply(.log, sum(apply(.exp, shifted))), largest)
    }
}
