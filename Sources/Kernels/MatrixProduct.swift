/// Where the sums of a matrix product start.
public enum MatrixAddend: Sendable, Equatable {
    /// At zero.
    case zero
    /// At rows of the memory, lane by lane, from this row on.
    case rows(Int)
    /// At one value a row for all lanes: the weights from this offset on.
    case weights(Int)
}

/// Where a matrix lies in a flat vector of weights, and in which order it is walked.
///
/// Element (i, k) is at `offset + i * rowStride + k * innerStride`: swapping the strides
/// transposes the matrix without moving it.
public struct MatrixView: Sendable, Equatable {
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

extension LaneMemory {
    /// target[i] = addend[i] + Σₖ W[i, k] source[k], lane by lane.
    ///
    /// Every sum is a chain of fused multiply-adds in the order of k, whatever the tile shapes,
    /// so a lane's result does not depend on how many lanes or tiles there are.
    ///
    /// *Error bound*: |error| ≤ K u Σₖ |W[i, k] source[k]| / (1 − K u) with u = 2⁻²⁴ and K terms
    /// (Higham 2002, Accuracy and Stability of Numerical Algorithms, eq. 3.5).
    ///
    /// - Parameters:
    ///   - target: First output row.
    ///   - source: First input row.
    ///   - weights: The flat vector that holds W and a weight addend.
    ///   - matrix: Where W lies.
    ///   - tiles: Blocks that cover the output rows.
    ///   - addend: Where the sums start.
    public mutating func multiply(
        into target: Int,
        source: Int,
        weights: [Float],
        matrix: MatrixView,
        tiles: ArraySlice<MatrixTile>,
        addend: MatrixAddend
    ) {
        let vectors = vectorsPerRow
        for tile in tiles {
            check(target + tile.row, tile.rowCount)
            check(source + tile.inner, tile.innerCount)
            if tile.innerCount > 0 {
                let first =
                    matrix.offset + tile.row * matrix.rowStride
                    + tile.inner * matrix.innerStride
                let last =
                    first + (tile.rowCount - 1) * matrix.rowStride
                    + (tile.innerCount - 1) * matrix.innerStride
                precondition(
                    first >= 0 && last < weights.count && matrix.rowStride >= 0
                        && matrix.innerStride >= 0,
                    "weights \(first) ... \(last) of \(weights.count)"
                )
            }
            switch addend {
            case .zero: break
            case .rows(let row): check(row + tile.row, tile.rowCount)
            case .weights(let offset):
                precondition(
                    offset >= 0 && offset + tile.row + tile.rowCount <= weights.count,
                    "addend at \(offset) of \(weights.count)"
                )
            }
        }
        unsafe storage.withUnsafeMutableBufferPointer { memory in
            unsafe weights.withUnsafeBufferPointer { weights in
                guard let memory = memory.baseAddress,
                    let weights = weights.baseAddress
                else { return }
                for tile in tiles {
                    let start: TileStart
                    switch addend {
                    case .zero: unsafe start = TileStart(rows: nil, scalars: nil)
                    case .rows(let row):
                        unsafe start = TileStart(
                            rows: UnsafePointer(memory + (row + tile.row) * vectors),
                            scalars: nil
                        )
                    case .weights(let offset):
                        unsafe start = TileStart(rows: nil, scalars: weights + offset + tile.row)
                    }
                    let operands = unsafe TileOperands(
                        weights: weights + matrix.offset + tile.row * matrix.rowStride
                            + tile.inner * matrix.innerStride,
                        rowStride: matrix.rowStride,
                        innerStride: matrix.innerStride,
                        source: UnsafePointer(memory + (source + tile.inner) * vectors),
                        sourceStride: vectors,
                        innerCount: tile.innerCount,
                        target: memory + (target + tile.row) * vectors,
                        targetStride: vectors
                    )
                    unsafe multiplyTile(
                        operands,
                        rows: tile.rowCount,
                        vectors: vectors,
                        start: start
                    )
                }
            }
        }
    }
}

/// The naive twin of `LaneMemory.multiply`: one lane, in Double, summed in the order of k.
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
