internal import CLaneLoops

// Matrix products and the gradients of their matrices, tile by tile.
extension LaneMachine {
    @inline(never)
    func linear(
        target: Int,
        source: Int,
        matrix: MatrixView,
        tiles: ArraySlice<MatrixTile>,
        positions: Int,
        addend: MatrixAddend
    ) {
        guard let parameters = unsafe parameters else { return }
        // The positions of a row stand one after the other: to the kernel they are more lanes.
        let vectors = vectors &* positions
        let stride = vectors &* 8
        for tile in tiles {
            var startRows: UnsafePointer<Float>?
            var startScalars: UnsafePointer<Float>?
            switch addend {
            case .zero: break
            case .rows(let index):
                unsafe startRows = UnsafePointer(floats(index &+ tile.row &* positions))
            case .scalars(let source):
                unsafe startScalars = scalars(source).map { unsafe $0 + tile.row }
            }
            var operands = unsafe lane_tile(
                weights: parameters + matrix.offset + tile.row * matrix.rowStride
                    + tile.inner * matrix.innerStride,
                row_stride: matrix.rowStride,
                inner_stride: matrix.innerStride,
                source: floats(source &+ tile.inner &* positions),
                source_stride: stride,
                inner_count: tile.innerCount,
                target: floats(target &+ tile.row &* positions),
                target_stride: stride,
                start_rows: startRows,
                start_scalars: startScalars,
                rows: tile.rowCount,
                columns: stride
            )
            unsafe lane_multiply_tile(&operands, width)
        }
    }

    /// The sum over lanes of products, as a matrix product whose inner dimension is the lanes:
    /// the inputs are transposed to lane-major, so that eight columns of a gradient row are one
    /// vector.
    @inline(never)
    func outer(
        cotangent: Int,
        source: Int,
        count: Int,
        matrix: MatrixView,
        tiles: ArraySlice<MatrixTile>,
        positions: Int
    ) {
        guard let gradient = unsafe gradient, let transposed = unsafe transposed else { return }
        let vectors = vectors &* positions
        let columnVectors = (count &+ 7) / 8
        unsafe transpose(row(source), count: count, vectors: vectors, into: transposed)
        let lanes = vectors &* 8
        for tile in tiles where tile.innerCount > 0 {
            let first = tile.inner / 8
            let last = (tile.inner &+ tile.innerCount &+ 7) / 8
            let target = unsafe UnsafeMutableRawPointer(
                gradient + (matrix.offset &+ tile.row &* matrix.rowStride) / 8 + first
            )
            .assumingMemoryBound(to: Float.self)
            let inputs = unsafe UnsafeRawPointer(transposed + first)
                .assumingMemoryBound(to: Float.self)
            var operands = unsafe lane_tile(
                weights: floats(cotangent &+ tile.row &* positions),
                row_stride: lanes,
                inner_stride: 1,
                source: inputs,
                source_stride: columnVectors &* 8,
                inner_count: lanes,
                target: target,
                target_stride: matrix.rowStride,
                start_rows: target,
                start_scalars: nil,
                rows: tile.rowCount,
                columns: (last &- first) &* 8
            )
            unsafe lane_multiply_tile(&operands, width)
        }
    }
}
