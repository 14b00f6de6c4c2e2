/// Transposes lane rows to lane-major: `target[lane]` holds the `count` values of a lane, padded
/// with zeros to whole vectors.
///
/// - Parameters:
///   - source: `count` rows of `vectors` vectors.
///   - count: Number of rows.
///   - vectors: Vectors of one row.
///   - target: `8 · vectors` lanes of ⌈count / 8⌉ vectors.
func transpose(
    _ source: UnsafePointer<SIMD8<Float>>,
    count: Int,
    vectors: Int,
    into target: UnsafeMutablePointer<SIMD8<Float>>
) {
    let columns = (count &+ 7) / 8
    for column in 0..<columns {
        let present = min(8, count &- column &* 8)
        for vector in 0..<vectors {
            let input = unsafe source + (column &* 8 &* vectors &+ vector)
            let output = unsafe target + (vector &* 8 &* columns &+ column)
            unsafe transposeBlock(input, vectors, present, output, columns)
        }
    }
}

/// Transposes eight vectors of eight, by three rounds of interleaving halves; rows from `present`
/// on are zeros.
@inline(__always)
private func transposeBlock(
    _ input: UnsafePointer<SIMD8<Float>>,
    _ inputStride: Int,
    _ present: Int,
    _ output: UnsafeMutablePointer<SIMD8<Float>>,
    _ outputStride: Int
) {
    func row(_ index: Int) -> SIMD8<Float> {
        unsafe index < present ? input[index &* inputStride] : .zero
    }
    let (a0, a4) = interleave(row(0), row(4))
    let (a1, a5) = interleave(row(1), row(5))
    let (a2, a6) = interleave(row(2), row(6))
    let (a3, a7) = interleave(row(3), row(7))
    let (b0, b2) = interleave(a0, a2)
    let (b1, b3) = interleave(a1, a3)
    let (b4, b6) = interleave(a4, a6)
    let (b5, b7) = interleave(a5, a7)
    let (c0, c1) = interleave(b0, b1)
    let (c2, c3) = interleave(b2, b3)
    let (c4, c5) = interleave(b4, b5)
    let (c6, c7) = interleave(b6, b7)
    unsafe output[0] = c0
    unsafe output[outputStride] = c1
    unsafe output[2 &* outputStride] = c2
    unsafe output[3 &* outputStride] = c3
    unsafe output[4 &* outputStride] = c4
    unsafe output[5 &* outputStride] = c5
    unsafe output[6 &* outputStride] = c6
    unsafe output[7 &* outputStride] = c7
}

/// The sums over lanes of up to eight rows; zero where there is no row.
///
/// Interleaving two rows and adding the halves keeps both; after three rounds each lane holds the
/// sum of one row.
///
/// - Parameters:
///   - source: `count` rows of `vectors` vectors.
///   - count: Number of rows, at most eight.
///   - vectors: Vectors of one row.
/// - Returns: One sum a row.
@inline(always)
func laneSums(_ source: UnsafePointer<SIMD8<Float>>, count: Int, vectors: Int) -> SIMD8<Float> {
    var partial = InlineArray<8, SIMD8<Float>>(repeating: .zero)
    for index in 0..<count {
        let row = unsafe source + index &* vectors
        var sum = unsafe row[0]
        for vector in 1..<max(vectors, 1) { unsafe sum += row[vector] }
        partial[index] = sum
    }
    func fold(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
        let (low, high) = interleave(a, b)
        return low + high
    }
    let even = fold(fold(partial[0], partial[4]), fold(partial[2], partial[6]))
    let odd = fold(fold(partial[1], partial[5]), fold(partial[3], partial[7]))
    return fold(even, odd)
}

/// a₀ b₀ a₁ b₁ … as two vectors.
@inline(__always)
private func interleave(
    _ a: SIMD8<Float>,
    _ b: SIMD8<Float>
) -> (SIMD8<Float>, SIMD8<Float>) {
    (
        SIMD8(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]),
        SIMD8(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7])
    )
}
