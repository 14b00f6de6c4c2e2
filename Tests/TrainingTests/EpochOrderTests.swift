import Kernels
import Testing
import Training

@Suite struct EpochOrderTests {
    static let rows = RowSelection(
        total: 100_000,
        excluding: Array(stride(from: 0, to: 100_000, by: 7))
    )

    /// Rows of 1 KiB make blocks of 256 and windows of 65,536.
    static func order(epoch: Int, isLarge: Bool = true) -> EpochOrder {
        EpochOrder(
            of: rows,
            rowBytes: 1024,
            seed: 5,
            epoch: epoch,
            limits: (rows: isLarge ? 1000 : 1_000_000, bytes: 1 << 30)
        )
    }

    @Test(arguments: [true, false])
    func `an epoch takes every row once`(isLarge: Bool) {
        var order = Self.order(epoch: 1, isLarge: isLarge)
        let all = order.rows(at: 0..<Self.rows.count)
        #expect(all != Array(Self.rows))
        #expect(all.sorted() == Array(Self.rows))
        var next = Self.order(epoch: 2, isLarge: isLarge)
        #expect(next.rows(at: 0..<Self.rows.count) != all)
    }

    @Test(arguments: [true, false])
    func `an order is the same however it is read`(isLarge: Bool) {
        var whole = Self.order(epoch: 3, isLarge: isLarge)
        let all = whole.rows(at: 0..<Self.rows.count)
        var batches = Self.order(epoch: 3, isLarge: isLarge)
        for start in stride(from: 0, to: all.count, by: 999) {
            let end = min(start + 999, all.count)
            #expect(batches.rows(at: start..<end) == Array(all[start..<end]))
        }
        // A resumed epoch starts in its middle, and one may go back.
        var resumed = Self.order(epoch: 3, isLarge: isLarge)
        for start in [80_000, 65_535, 12] {
            #expect(resumed.rows(at: start..<start + 100) == Array(all[start..<start + 100]))
        }
    }

    @Test func `a window holds whole blocks of neighbours`() {
        var order = Self.order(epoch: 1)
        // One block, wherever it comes, is shorter than the others.
        let window = order.rows(at: 0..<255 * 256)
        let blocks = Set(window.map { row in row - row / 7 - 1 }.map { $0 / 256 })
        #expect(blocks.count <= 256)
        // Within a window neighbours are torn apart.
        let steps = zip(window, window.dropFirst()).count { abs($0 - $1) <= 2 }
        #expect(steps < 100)
    }

    @Test func `the order of a small set is a shuffle`() {
        var order = Self.order(epoch: 4, isLarge: false)
        var expected = Array(Self.rows)
        var stream = RandomStream(seed: SeedPurpose.epochOrder.seed(of: 5), stream: 4)
        stream.shuffle(&expected)
        #expect(order.rows(at: 0..<expected.count) == expected)
    }
}

@Suite struct RowSelectionTests {
    @Test func `a selection is what is left`() {
        let excluded = [0, 3, 4, 9, 19]
        let selection = RowSelection(total: 20, excluding: excluded)
        #expect(Array(selection) == (0..<20).filter { !excluded.contains($0) })
        #expect(Array(RowSelection(total: 3, excluding: [])) == [0, 1, 2])
        #expect(Array(RowSelection(total: 3, excluding: [0, 1, 2])).isEmpty)
    }

    @Test(arguments: [0.01, 0.7])
    func `a large set is split without a list of it`(fraction: Double) {
        let count = DataSplit.orderLimit + 1000
        let split = DataSplit(count: count, validationFraction: fraction, seed: 1)
        #expect(split.validation.count == Int((Double(count) * fraction).rounded()))
        #expect(zip(split.validation, split.validation.dropFirst()).allSatisfy { $0 < $1 })
        #expect(split.training.count == count - split.validation.count)
        // Held-out rows come from everywhere: the mean is that of uniform numbers.
        let mean = split.validation.reduce(0.0) { $0 + Double($1) } / Double(split.validation.count)
        let deviation = Double(count) / (12 * Double(split.validation.count)).squareRoot()
        #expect(abs(mean - Double(count) / 2) < 5 * deviation)
    }
}
