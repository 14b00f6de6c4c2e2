/// Where scalars stand that are the same in every lane of a tile.
public enum ScalarSource: Sendable, Hashable {
    /// The parameters, from this offset on.
    case parameters(Int)
    /// What was computed from the tile's observation, from this offset on.
    case observation(Int)
    /// The tape's own constants, from this offset on.
    case literals(Int)
}

/// Where the sums of a matrix product start.
public enum MatrixAddend: Sendable, Hashable {
    /// At zero.
    case zero
    /// At rows of the memory, lane by lane, from this row on.
    case rows(Int)
    /// At one value a row, the same in all lanes.
    case scalars(ScalarSource)
}

/// Where a matrix lies in a flat vector of weights, and in which order it is walked.
///
/// Element (i, k) is at `offset + i * rowStride + k * innerStride`: swapping the strides
/// transposes the matrix without moving it.
public struct MatrixView: Sendable, Hashable {
    /// Place of element (0, 0).
    public var offset: Int
    /// Step from one output row to the next.
    public var rowStride: Int
    /// Step from one inner index to the next.
    public var innerStride: Int

    /// Makes a view from its offset and strides.
    public init(offset: Int, rowStride: Int, innerStride: Int) {
        self.offset = offset
        self.rowStride = rowStride
        self.innerStride = innerStride
    }
}

/// The naive twin of `LaneInstruction.linear`: one lane, in Double, summed in the order of k.
///
/// - Parameters:
///   - weights: The flat vector that holds the matrix.
///   - matrix: Where it lies.
///   - rows: Number of output rows.
///   - source: The input, one value an inner index.
/// - Returns: The products, one a row.
public func naiveProduct(
    weights: [Double],
    matrix: MatrixView,
    rows: Int,
    source: [Double]
) -> [Double] {
    (0..<rows).map { row in
        var sum = 0.0
        for inner in source.indices {
            sum +=
                weights[matrix.offset + row * matrix.rowStride + inner * matrix.innerStride]
                * source[inner]
        }
        return sum
    }
}
