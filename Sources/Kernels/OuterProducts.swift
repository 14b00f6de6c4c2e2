/// sums += Σ f fᵀ over the rows f of a table.
///
/// A call adds in single precision and its result to `sums` in double: calls of a few hundred rows
/// keep the digits of long tables.
///
/// - Parameters:
///   - table: Rows of `width` vectors of eight each, `[S, width]`.
///   - width: W / 8, vectors in a row.
///   - sums: `[W, W]`, of which only blocks of eight by eight on and above the diagonal are added to.
public func addOuterProducts(
    of table: [SIMD8<Float>],
    width: Int,
    into sums: inout [Double]
) {
    let entries = 8 * width
    precondition(
        width > 0 && table.count % width == 0 && sums.count == entries * entries,
        "\(table.count) vectors in rows of \(width), \(sums.count) sums"
    )
    unsafe table.withUnsafeBufferPointer { table in
        guard let start = table.baseAddress else { return }
        let vectors = unsafe start
        for upper in 0..<width {
            for right in upper..<width {
                let block = unsafe outerBlock(
                    vectors + upper,
                    vectors + right,
                    stride: width,
                    rows: table.count / width
                )
                for row in 0..<8 {
                    let place = (8 * upper + row) * entries + 8 * right
                    for column in 0..<8 { sums[place + column] += Double(block[row][column]) }
                }
            }
        }
    }
}

/// Σ a bᵀ over vectors a and b that lie a stride apart: eight sums stay in registers.
@inline(never)
private func outerBlock(
    _ a: UnsafePointer<SIMD8<Float>>,
    _ b: UnsafePointer<SIMD8<Float>>,
    stride: Int,
    rows: Int
) -> InlineArray<8, SIMD8<Float>> {
    var sums = InlineArray<8, SIMD8<Float>>(repeating: .zero)
    var place = 0
    for _ in 0..<rows {
        let (left, right) = unsafe (a[place], b[place])
        for row in 0..<8 {
            unsafe sums[unchecked: row] = sums[unchecked: row].addingProduct(
                SIMD8(repeating: left[row]),
                right
            )
        }
        place &+= stride
    }
    return sums
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
