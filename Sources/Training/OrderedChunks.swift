import Kernels
import Synchronization

/// Passes over rows on several threads: what comes of the chunks is folded in their order, so that
/// no bit depends on the threads.
enum OrderedChunks {
    /// Works on chunks of rows, as many at a time as there are workers.
    ///
    /// - Parameters:
    ///   - count: The number of rows.
    ///   - size: Rows of a chunk, one or more.
    ///   - workers: How many threads may take part.
    ///   - map: Works on one chunk, on any thread.
    ///   - fold: Takes in what came of a chunk, on this thread, chunk after chunk.
    /// - Throws: What `map` throws for the first chunk it fails on.
    static func run<Part: Sendable>(
        count: Int,
        size: Int,
        workers: Int,
        map: @escaping @Sendable (Range<Int>) throws(TrainingError) -> Part,
        fold: (Part) -> Void
    ) throws(TrainingError) {
        let chunks = (count + size - 1) / size
        for first in stride(from: 0, to: chunks, by: workers) {
            let group = min(workers, chunks - first)
            let parts = Mutex([Result<Part, TrainingError>?](repeating: nil, count: group))
            ParallelTiles.run(count: group, workers: workers) { index in
                let start = (first + index) * size
                let rows = start..<min(start + size, count)
                let part = Result { () throws(TrainingError) in try map(rows) }
                parts.withLock { $0[index] = part }
            }
            for part in parts.withLock({ $0 }) {
                if let part { fold(try part.get()) }
            }
        }
    }
}
