import Kernels
import Synchronization
import Testing

/// Tiles over several threads.
@Suite struct ParallelTilesTests {
    @Test(arguments: [1, 2, 3, 8], [0, 1, 5, 64])
    func `every tile fills its own part, at any worker count`(workers: Int, tiles: Int) {
        let ends = (0..<tiles).map { ($0 + 1) * ($0 + 2) / 2 }
        var output = [Float](repeating: -1, count: ends.last ?? 0)
        ParallelTiles.fill(&output, ends: ends, workers: workers) { tile, part in
            for index in 0..<part.count { part[index] = Float(tile) }
        }
        #expect(output == (0..<tiles).flatMap { Array(repeating: Float($0), count: $0 + 1) })
    }

    @Test(arguments: [1, 2, 7])
    func `every index is called once`(workers: Int) {
        let calls = Mutex([Int](repeating: 0, count: 100))
        ParallelTiles.run(count: 100, workers: workers) { index in
            calls.withLock { $0[index] += 1 }
        }
        #expect(calls.withLock { $0 } == Array(repeating: 1, count: 100))
    }

    @Test(arguments: [1, 2, 5])
    func `both of two things are computed`(workers: Int) {
        let (number, text) = ParallelTiles.both(workers: workers) {
            7
        } _: {
            "seven"
        }
        #expect(number == 7)
        #expect(text == "seven")
    }
}
