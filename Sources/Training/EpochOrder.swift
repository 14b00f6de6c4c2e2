import Kernels

/// The order in which an epoch goes through the training rows.
///
/// Up to four million rows and 1 GiB all orders are equally likely. Beyond that, where such an order
/// would take too much memory and the files might not fit into it, the rows are cut into blocks
/// of neighbours of about 256 KiB, the blocks are put in random order, and the rows of each window of
/// 256 blocks are shuffled together: a batch is drawn from 256 places of the files at a time, and
/// every byte is read once while its block is at hand. The rule knows the number and size of the
/// rows alone, so data in memory and in files train alike.
package struct EpochOrder {
    /// The rows to order.
    private let rows: RowSelection
    /// Rows of a block; all of them in the small case.
    private let blockRows: Int
    /// The blocks in their order.
    private let blocks: [Int]
    /// Gives every window its own order.
    private let windowStream: RandomStream
    /// The window in hand: where it starts, its blocks, and its rows in their order.
    private var window: (start: Int, blocks: Range<Int>, rows: [Int])

    /// Blocks of a window.
    private static let windowBlocks = 256
    /// Bytes of a block.
    private static let blockBytes = 1 << 18

    /// Draws an order.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - rowBytes: Bytes of one row, theta and x in single precision.
    ///   - seed: The run's seed.
    ///   - epoch: The epoch, from 1.
    ///   - limits: Up to how many rows, and bytes, all orders are equally likely.
    package init(
        of rows: RowSelection,
        rowBytes: Int,
        seed: UInt64,
        epoch: Int,
        limits: (rows: Int, bytes: Int) = (rows: DataSplit.orderLimit, bytes: 1 << 30)
    ) {
        var stream = RandomStream(
            seed: SeedPurpose.epochOrder.seed(of: seed),
            stream: UInt64(epoch)
        )
        self.rows = rows
        windowStream = stream.substream(1)
        if rows.count <= limits.rows, rows.count <= limits.bytes / rowBytes {
            var order = Array(rows)
            stream.shuffle(&order)
            blockRows = max(rows.count, 1)
            blocks = [0]
            window = (0, 0..<1, order)
        } else {
            blockRows = max(Self.blockBytes / rowBytes, 1)
            blocks = stream.permutation((rows.count + blockRows - 1) / blockRows)
            window = (0, 0..<0, [])
        }
    }

    /// The rows at positions of the order; positions should ascend from call to call.
    package mutating func rows(at positions: Range<Int>) -> [Int] {
        precondition(positions.upperBound <= rows.count, "\(positions) of \(rows.count) rows")
        if positions.lowerBound < window.start { window = (0, 0..<0, []) }
        var chosen: [Int] = []
        chosen.reserveCapacity(positions.count)
        var position = positions.lowerBound
        while position < positions.upperBound {
            let end = window.start + window.rows.count
            guard position < end else {
                advance(to: position)
                continue
            }
            let upper = min(positions.upperBound, end)
            chosen += window.rows[position - window.start..<upper - window.start]
            position = upper
        }
        return chosen
    }

    /// Takes the next window; only the one with the position is filled.
    private mutating func advance(to position: Int) {
        var start = window.start + window.rows.count
        var first = window.blocks.upperBound
        while true {
            let next = first..<min(first + Self.windowBlocks, blocks.count)
            let count = blocks[next].reduce(0) { $0 + range(ofBlock: $1).count }
            if position < start + count {
                var order = blocks[next].flatMap { rows[range(ofBlock: $0)] }
                var stream = windowStream.substream(UInt64(first))
                stream.shuffle(&order)
                window = (start, next, order)
                return
            }
            start += count
            first = next.upperBound
        }
    }

    /// The places of a block's rows in the selection.
    private func range(ofBlock block: Int) -> Range<Int> {
        block * blockRows..<min((block + 1) * blockRows, rows.count)
    }
}
