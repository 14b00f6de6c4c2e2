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
        body: @escaping @Sendable (Int, inout MutableSpan<Float>) -> Void
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

    /// Calls `body` for parts of a run of vectors that every array of weights is made of.
    static func run(
        vectors count: Int,
        workers: Int,
        body: @escaping @Sendable (Range<Int>) -> Void
    ) {
        // Less than this is done before another thread has joined.
        let size = 1024
        run(count: (count + size - 1) / size, workers: workers) { part in
            body(part * size..<min((part + 1) * size, count))
        }
    }

    /// Computes two things, at the same time where two threads may be used.
    public static func both<First: Sendable, Second: Sendable>(
        workers: Int,
        _ first: @escaping @Sendable () -> First,
        _ second: @escaping @Sendable () -> Second
    ) -> (First, Second) {
        let results = TwoResults<First, Second>()
        run(count: 2, workers: workers) { index in
            if index == 0 {
                let value = first()
                results.first.withLock { $0 = value }
            } else {
                let value = second()
                results.second.withLock { $0 = value }
            }
        }
        guard let one = results.first.withLock({ $0 }), let other = results.second.withLock({ $0 })
        else { preconditionFailure("a part was not computed") }
        return (one, other)
    }

    /// Calls `body` for every index, in any order and on up to `workers` threads.
    public static func run(
        count: Int,
        workers: Int,
        body: @escaping @Sendable (Int) -> Void
    ) {
        guard min(workers, count) > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        let job = TileJob(count: count, helpers: min(workers, count) - 1, body: body)
        HelperThreads.shared.run(job)
    }
}

/// What two threads have found.
private final class TwoResults<First: Sendable, Second: Sendable>: Sendable {
    let first = Mutex<First?>(nil)
    let second = Mutex<Second?>(nil)
}

/// Tiles that the caller and its helpers take one after the other.
final class TileJob: Sendable {
    private let count: Int
    private let body: @Sendable (Int) -> Void
    private let next = Atomic(0)
    /// Helpers that may still join.
    private let places: Atomic<Int>
    /// Helpers that have joined and not left.
    private let active = Atomic(0)

    init(count: Int, helpers: Int, body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
        places = Atomic(helpers)
    }

    /// How many helpers are wanted at most.
    var helpers: Int { places.load(ordering: .relaxed) }

    /// Takes a helper's place, while there are tiles and places; called by one thread at a time.
    func join() -> Bool {
        guard next.load(ordering: .relaxed) < count, places.load(ordering: .relaxed) > 0 else {
            return false
        }
        places.subtract(1, ordering: .relaxed)
        active.add(1, ordering: .relaxed)
        return true
    }

    /// Runs tiles until none is left.
    func runTiles() {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }

    /// Gives a helper's place back; its results are visible to who sees no active helper.
    func leave() { active.subtract(1, ordering: .releasing) }

    /// Whether a helper is still at work.
    var isActive: Bool { active.load(ordering: .acquiring) > 0 }
}
