/// A checked list of instructions over a memory of lanes: what a program runs on one tile.
///
/// Every row, scalar and index is checked once, here, so that execution needs no checks.
public struct LaneTape: Sendable {
    /// The instructions, in order.
    public let instructions: [LaneInstruction]
    /// Tiles of matrix products, named by ranges.
    public let tiles: [MatrixTile]
    /// Row indices of gathers and scatters, named by ranges.
    public let indices: [Int]
    /// Terms of contractions, named by ranges and sorted by target within each.
    public let terms: [ContractionTerm]
    /// Constants, named by offset.
    public let literals: [Float]
    /// Rows of memory the tape needs.
    public let rows: Int
    /// Length of the parameter vector.
    public let parameterCount: Int
    /// Scalars that each observation brings.
    public let observationScalars: Int
    /// Vectors of one lane's transposed inputs, at all positions, of the widest outer product.
    let transposeVectors: Int

    /// Checks that no instruction leaves its memory.
    ///
    /// A wrong tape is a mistake of the planner and stops the process.
    public init(
        instructions: [LaneInstruction],
        tiles: [MatrixTile],
        indices: [Int],
        terms: [ContractionTerm],
        literals: [Float],
        rows: Int,
        parameterCount: Int,
        observationScalars: Int
    ) {
        self.instructions = instructions
        self.tiles = tiles
        self.indices = indices
        self.terms = terms
        self.literals = literals
        self.rows = rows
        self.parameterCount = parameterCount
        self.observationScalars = observationScalars
        transposeVectors =
            instructions.map { instruction in
                guard case .outer(_, _, let count, _, _, let positions) = instruction else {
                    return 0
                }
                return (count + 7) / 8 * positions
            }.max() ?? 0
        for instruction in instructions { check(instruction) }
    }

    /// Checks that rows `start ..< start + count` exist.
    private func check(rows start: Int, _ count: Int) {
        precondition(
            start >= 0 && count >= 0 && start <= rows - count,
            "rows \(start) ..< \(start + count) of \(rows)"
        )
    }

    /// Checks `count` scalars.
    private func check(_ source: ScalarSource, _ count: Int) {
        let (offset, available) =
            switch source {
            case .parameters(let offset): (offset, parameterCount)
            case .observation(let offset): (offset, observationScalars)
            case .literals(let offset): (offset, literals.count)
            }
        precondition(
            offset >= 0 && offset <= available - count,
            "scalars \(offset) ..< \(offset + count) of \(available)"
        )
    }

    /// Checks the corner of a matrix that a tile touches.
    private func check(_ matrix: MatrixView, _ tile: MatrixTile) {
        guard tile.innerCount > 0 else { return }
        let first =
            matrix.offset + tile.row * matrix.rowStride + tile.inner * matrix.innerStride
        let last =
            first + (tile.rowCount - 1) * matrix.rowStride
            + (tile.innerCount - 1) * matrix.innerStride
        precondition(
            matrix.rowStride >= 0 && matrix.innerStride >= 0 && first >= 0
                && last < parameterCount,
            "weights \(first) ... \(last) of \(parameterCount)"
        )
    }

    private func check(_ instruction: LaneInstruction) {
        switch instruction {
        case .linear(let target, let source, let matrix, let range, let positions, let addend):
            precondition(positions > 0, "a product at no position")
            for tile in tiles[range] {
                check(rows: target + tile.row * positions, tile.rowCount * positions)
                check(rows: source + tile.inner * positions, tile.innerCount * positions)
                check(matrix, tile)
                switch addend {
                case .zero: break
                case .rows(let row):
                    check(rows: row + tile.row * positions, tile.rowCount * positions)
                case .scalars(let scalars): check(scalars, tile.row + tile.rowCount)
                }
            }
        case .outer(let cotangent, let source, let count, let matrix, let range, let positions):
            precondition(positions > 0, "a product at no position")
            check(rows: source, count * positions)
            precondition(
                matrix.innerStride == 1 && matrix.offset % 8 == 0 && matrix.rowStride % 8 == 0
                    && matrix.rowStride >= count && parameterCount % 8 == 0,
                "a gradient needs rows padded to whole vectors"
            )
            for tile in tiles[range] {
                check(rows: cotangent + tile.row * positions, tile.rowCount * positions)
                precondition(tile.inner + tile.innerCount <= count)
                check(matrix, tile)
                precondition(
                    matrix.offset + (tile.row + tile.rowCount) * matrix.rowStride
                        <= parameterCount
                )
            }
        case .rowSums(let cotangent, let count, let offset):
            check(rows: cotangent, count)
            check(.parameters(offset), count)
        case .unary(_, let target, let source, let count):
            check(rows: target, count)
            check(rows: source, count)
        case .binary(_, let target, let left, let right, let count):
            for row in [target, left, right] { check(rows: row, count) }
        case .scaleAndShift(let target, let source, let count, let scales, let shifts):
            for row in [target, source] { check(rows: row, count) }
            for offset in [scales, shifts] { check(.literals(offset), count) }
        case .select(let target, let condition, let left, let right, let count):
            for row in [target, condition, left, right] { check(rows: row, count) }
        case .gather(let target, let source, let range):
            check(rows: target, range.count)
            for index in indices[range] { check(rows: source + index, 1) }
        case .scatterAdd(let target, let count, let source, let range):
            check(rows: target, count)
            check(rows: source, range.count)
            for index in indices[range] { precondition(index >= 0 && index < count) }
        case .contraction(let target, let count, let left, let right, let range):
            check(rows: target, count)
            var last = 0
            for term in terms[range] {
                precondition(term.target >= last && term.target < count, "terms out of order")
                last = term.target
                check(rows: left + term.left, 1)
                check(rows: right + term.right, 1)
            }
        case .groupMaximum(let target, let count, let source, let size):
            precondition(size > 0, "an empty group has no maximum")
            check(rows: target, count)
            check(rows: source, count * size)
        case .groups(let function, let target, let left, let right, let groups):
            precondition(function.size > 0 && groups > 0, "empty groups")
            check(rows: target, function.resultRows(groups: groups))
            check(rows: left, function.leftRows(groups: groups))
            check(rows: right, function.rightRows(groups: groups))
        case .fill(let target, let count, let scalars):
            check(rows: target, count)
            check(scalars, count)
        }
    }
}
