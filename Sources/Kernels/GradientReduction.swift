/// target = mask ⊙ scale Σ parts, the parts added in order.
///
/// Every entry is summed on its own, so the result does not depend on `workers`.
///
/// - Parameters:
///   - parts: Partial gradients of one length, in vectors.
///   - scale: What the sum is multiplied with.
///   - mask: One where a parameter may be trained, else zero; a multiple of eight long.
///   - workers: How many threads may take part.
///   - target: The gradient, as many floats as the mask.
public func reduceGradients(
    _ parts: [[SIMD8<Float>]],
    scale: Float,
    mask: [Float],
    workers: Int,
    into target: inout [Float]
) {
    let count = mask.count / 8
    precondition(
        mask.count == 8 * count && target.count == mask.count
            && parts.allSatisfy { $0.count == count },
        "parts of another length than \(mask.count)"
    )
    unsafe target.withUnsafeMutableBytes { target in
        nonisolated(unsafe) let target = unsafe target
        ParallelTiles.run(vectors: count, workers: workers) { range in
            unsafe mask.withUnsafeBytes { mask in
                for index in range {
                    var sum = SIMD8<Float>.zero
                    for part in parts { sum += part[index] }
                    let kept = unsafe mask.loadUnaligned(
                        fromByteOffset: 32 &* index,
                        as: SIMD8<Float>.self
                    )
                    // A masked entry may be infinite in the sum; it is zero all the same.
                    let value = (sum * scale)
                        .replacing(with: 0, where: kept .== SIMD8<Float>.zero)
                    unsafe target.storeBytes(
                        of: value,
                        toByteOffset: 32 &* index,
                        as: SIMD8<Float>.self
                    )
                }
            }
        }
    }
}
