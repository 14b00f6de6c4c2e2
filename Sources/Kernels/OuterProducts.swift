internal import CLaneLoops

/// sums += Σ f fᵀ over the rows f of a table.
///
/// A call adds in single precision and its result to `sums` in double: calls of a few hundred rows
/// keep the digits of long tables.
///
/// - Parameters:
///   - table: `[S, W]`.
///   - width: W, a multiple of eight.
///   - sums: `[W, W]`, of which entries on and above the diagonal are added to, and some below.
public func addOuterProducts(of table: [Float], width: Int, into sums: inout [Double]) {
    precondition(
        width > 0 && width % 8 == 0 && table.count % width == 0 && sums.count == width * width,
        "\(table.count) numbers in rows of \(width), \(sums.count) sums"
    )
    let loops = LaneWidth.widest.loop
    var block = [Float](repeating: 0, count: MatrixTile.maximumRows * width)
    for first in stride(from: 0, to: width, by: MatrixTile.maximumRows) {
        let rows = min(MatrixTile.maximumRows, width - first)
        let column = first / 8 * 8
        let columns = width - column
        unsafe table.withUnsafeBufferPointer { table in
            unsafe block.withUnsafeMutableBufferPointer { block in
                guard let start = table.baseAddress, let target = block.baseAddress else { return }
                // The table is its own transposed matrix of weights.
                var tile = unsafe lane_tile(
                    weights: start + first,
                    row_stride: 1,
                    inner_stride: width,
                    source: start + column,
                    source_stride: width,
                    inner_count: table.count / width,
                    target: target,
                    target_stride: columns,
                    start_rows: nil,
                    start_scalars: nil,
                    rows: rows,
                    columns: columns
                )
                unsafe lane_multiply_tile(&tile, loops)
            }
        }
        for row in 0..<rows {
            let place = (first + row) * width + column
            for index in 0..<columns { sums[place + index] += Double(block[row * columns + index]) }
        }
    }
}

/// The naive twin of `addOuterProducts`: Σ f fᵀ, all `[W, W]` of it.
///
/// - Parameters:
///   - table: `[S, W]`.
///   - width: W.
/// - Returns: The sums.
public func naiveOuterProducts(of table: [Double], width: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: width * width)
    for start in stride(from: 0, to: table.count, by: width) {
        for row in 0..<width {
            for column in 0..<width {
                sums[row * width + column] += table[start + row] * table[start + column]
            }
        }
    }
    return sums
}
