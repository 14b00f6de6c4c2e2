import Dispatch
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
    body: @Sendable (Range<Int>) -> Element
) -> [Element] {
    precondition(workers > 0, "\(workers) workers")
    let chunks = stride(from: range.lowerBound, to: range.upperBound, by: size).map {
        $0..<min($0 + size, range.upperBound)
    }
    guard workers > 1, chunks.count > 1 else { return chunks.map { body($0) } }
    let next = Mutex(0)
    let results = Mutex<[(Int, Element)]>([])
    DispatchQueue.concurrentPerform(iterations: min(workers, chunks.count)) { _ in
        while true {
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            guard index < chunks.count else { return }
            let element = body(chunks[index])
            results.withLock { $0.append((index, element)) }
        }
    }
    return results.withLock { $0.sorted { $0.0 < $1.0 }.map(\.1) }
}
