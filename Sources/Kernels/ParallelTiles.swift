import Dispatch
import Synchronization

/// Runs independent tiles of work on several threads; what a tile computes never depends on how
/// many threads there are or which of them runs it.
public enum ParallelTiles {
    /// Fills an array tile by tile.
    ///
    /// - Parameters:
    ///   - output: The array; every element of it belongs to exactly one tile.
    ///   - ends: Where each tile ends in the array, ascending; the first starts at 0.
    ///   - workers: The most threads to use, the caller included.
    ///   - body: Fills one tile, given its index and its part of the array.
    public static func fill(
        _ output: inout [Float],
        ends: [Int],
        workers: Int,
        body: @Sendable (Int, inout MutableSpan<Float>) -> Void
    ) {
        let count = output.count
        precondition(ends.last ?? 0 == count, "tiles end at \(ends.last ?? 0) of \(count)")
        unsafe output.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let buffer = unsafe buffer
            run(count: ends.count, workers: workers) { tile in
                let start = tile == 0 ? 0 : ends[tile - 1]
                precondition(start >= 0 && start <= ends[tile] && ends[tile] <= count)
                let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[start..<ends[tile]])
                var span = unsafe part.mutableSpan
                body(tile, &span)
            }
        }
    }

    /// Calls `body` for every index, in any order and on up to `workers` threads.
    public static func run(count: Int, workers: Int, body: @Sendable (Int) -> Void) {
        let threads = min(workers, count)
        guard threads > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }
}
