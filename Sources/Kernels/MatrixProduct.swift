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

/// Where the sums of one tile start: lane rows, one scalar a row, or zero.
@unsafe
struct TileStart {
    var rows: UnsafePointer<SIMD8<Float>>?
    var scalars: UnsafePointer<Float>?
}

/// The memory one tile of a product reads and writes; strides of lane rows are in vectors.
@unsafe
struct TileOperands {
    var weights: UnsafePointer<Float>
    var rowStride: Int
    var innerStride: Int
    var source: UnsafePointer<SIMD8<Float>>
    var sourceStride: Int
    var innerCount: Int
    var target: UnsafeMutablePointer<SIMD8<Float>>
    var targetStride: Int
}

/// One tile, cut into register blocks by its number of rows.
@inline(__always)
func multiplyTile(_ operands: TileOperands, rows: Int, vectors: Int, start: TileStart) {
    switch rows {
    case 6: unsafe sweepPairs(RegisterBlock<6, 2>(), operands, vectors, start)
    case 5: unsafe sweepPairs(RegisterBlock<5, 2>(), operands, vectors, start)
    case 4: unsafe sweepPairs(RegisterBlock<4, 2>(), operands, vectors, start)
    case 3: unsafe sweepPairs(RegisterBlock<3, 2>(), operands, vectors, start)
    case 2: unsafe sweepQuads(RegisterBlock<2, 4>(), operands, vectors, start)
    default: unsafe sweepQuads(RegisterBlock<1, 4>(), operands, vectors, start)
    }
}

/// Covers the vectors of a row two at a time, then the last one alone.
@inline(never)
private func sweepPairs<let rows: Int>(
    _ block: RegisterBlock<rows, 2>,
    _ operands: TileOperands,
    _ vectors: Int,
    _ start: TileStart
) {
    var vector = 0
    while vector &+ 2 <= vectors {
        unsafe block.run(operands, at: vector, start)
        vector &+= 2
    }
    if vector < vectors { unsafe RegisterBlock<rows, 1>().run(operands, at: vector, start) }
}

/// Covers the vectors of a row four at a time, then one by one.
@inline(never)
private func sweepQuads<let rows: Int>(
    _ block: RegisterBlock<rows, 4>,
    _ operands: TileOperands,
    _ vectors: Int,
    _ start: TileStart
) {
    var vector = 0
    while vector &+ 4 <= vectors {
        unsafe block.run(operands, at: vector, start)
        vector &+= 4
    }
    while vector < vectors {
        unsafe RegisterBlock<rows, 1>().run(operands, at: vector, start)
        vector &+= 1
    }
}

/// Sums held in registers: `rows` rows of `columns` vectors.
///
/// The loops have constant counts and unroll, and the sums never leave the registers; the
/// inputs are loaded once into values, or the compiler reads them again for every row.
private struct RegisterBlock<let rows: Int, let columns: Int> {
    @inline(__always)
    init() {}

    @inline(__always)
    func run(_ operands: TileOperands, at vector: Int, _ start: TileStart) {
        var sums = InlineArray<rows, InlineArray<columns, SIMD8<Float>>>(
            repeating: InlineArray<columns, SIMD8<Float>>(repeating: .zero)
        )
        let targetStride = unsafe operands.targetStride
        if let initial = unsafe start.rows {
            for row in 0..<rows {
                for column in 0..<columns {
                    unsafe sums[unchecked: row][unchecked: column] =
                        initial[row &* targetStride &+ vector &+ column]
                }
            }
        } else if let initial = unsafe start.scalars {
            for row in 0..<rows {
                for column in 0..<columns {
                    unsafe sums[unchecked: row][unchecked: column] =
                        SIMD8<Float>(repeating: initial[row])
                }
            }
        }
        var weights = unsafe operands.weights
        var source = unsafe operands.source + vector
        let rowStride = unsafe operands.rowStride
        let innerStride = unsafe operands.innerStride
        let sourceStride = unsafe operands.sourceStride
        var remaining = unsafe operands.innerCount
        while remaining > 0 {
            var inputs = InlineArray<columns, SIMD8<Float>>(repeating: .zero)
            for column in 0..<columns {
                unsafe inputs[unchecked: column] = source[column]
            }
            for row in 0..<rows {
                let weight = unsafe SIMD8<Float>(repeating: weights[row &* rowStride])
                for column in 0..<columns {
                    unsafe sums[unchecked: row][unchecked: column] =
                        sums[unchecked: row][unchecked: column]
                        .addingProduct(weight, inputs[unchecked: column])
                }
            }
            unsafe weights += innerStride
            unsafe source += sourceStride
            remaining &-= 1
        }
        let target = unsafe operands.target + vector
        for row in 0..<rows {
            for column in 0..<columns {
                unsafe target[row &* targetStride &+ column] =
                    sums[unchecked: row][unchecked: column]
            }
        }
    }
}
