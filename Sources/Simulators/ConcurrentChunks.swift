import Kernels
import Synchronization

/// Applies a function to consecutive chunks of a range, in several threads.
///
/// - Parameters:
///   - range: What to cut.
///   - size: Entries of a chunk; the last one may be shorter.
///   - workers: How many threads may take part.
///   - body: A function of the chunk alone.
/// - Returns: The results in the order of the chunks.
func concurrentChunks<Element: Sendable>(
    of range: Range<Int>,
    size: Int,
    workers: Int,
    body: @escaping @Sendable (Range<Int>) -> Element
) -> [Element] {
    let chunks = stride(from: range.lowerBound, to: range.upperBound, by: size).map {
        $0..<min($0 + size, range.upperBound)
    }
    let results = Mutex<[Int: Element]>([:])
    ParallelTiles.run(count: chunks.count, workers: workers) { index in
        let element = body(chunks[index])
        results.withLock { $0[index] = element }
    }
    return results.withLock { results in chunks.indices.compactMap { results[$0] } }
}
