import Kernels

/// The order in which an epoch goes through the training rows.
///
/// Up to four million rows and 256 MiB all orders are equally likely. Beyond that, where such an
/// order would take too much memory and make every read a seek, the rows are cut into blocks of
/// neighbours of about 256 KiB, the blocks are put in random order, and the rows of each window of
/// 256 blocks are shuffled together: a batch is drawn from 256 places of the files, and every byte
/// is read once, with its block. The rule knows the number and size of the rows alone, so data in
/// memory and in files train alike.
package struct EpochOrder {
    /// A part of the order: rows that are shuffled together.
    package struct Window {
        /// The position of its first row in the order.
        package var start: Int
        /// Its rows, block by block.
        package var rows: [Int]
        /// The places in `rows` in the order of the epoch.
        package var order: [Int]
        /// Its blocks, as places in their order.
        fileprivate var blocks: Range<Int>

        /// The positions of its rows in the order.
        package var positions: Range<Int> { start..<start + rows.count }
    }

    /// The rows to order.
    private let rows: RowSelection
    /// Rows of a block; all of them in the small case.
    private let blockRows: Int
    /// The blocks in their order.
    private let blocks: [Int]
    /// Gives every window its own order; nil for a single one.
    private let windowStream: RandomStream?
    /// The part in hand.
    package private(set) var window = Window(start: 0, rows: [], order: [], blocks: 0..<0)

    /// Blocks of a window.
    private static let windowBlocks = 256
    /// Bytes of a block.
    private static let blockBytes = 1 << 18
    /// Up to how many bytes all orders are equally likely, and rows are kept in memory.
    package static let limitBytes = 1 << 28

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
        limits: (rows: Int, bytes: Int) = (rows: DataSplit.orderLimit, bytes: limitBytes)
    ) {
        var stream = RandomStream(
            seed: SeedPurpose.epochOrder.seed(of: seed),
            stream: UInt64(epoch)
        )
        self.rows = rows
        if rows.count <= limits.rows, rows.count <= limits.bytes / rowBytes {
            windowStream = nil
            blockRows = max(rows.count, 1)
            blocks = [0]
            window = Window(
                start: 0,
                rows: Array(rows),
                order: stream.permutation(rows.count),
                blocks: 0..<1
            )
        } else {
            windowStream = stream.substream(1)
            blockRows = max(Self.blockBytes / rowBytes, 1)
            blocks = stream.permutation((rows.count + blockRows - 1) / blockRows)
        }
    }

    /// The rows at positions of the order; it costs least if positions ascend from call to call.
    package mutating func rows(at positions: Range<Int>) -> [Int] {
        var chosen: [Int] = []
        chosen.reserveCapacity(positions.count)
        var position = positions.lowerBound
        while position < positions.upperBound {
            moveWindow(to: position)
            let part = window.positions.clamped(to: position..<positions.upperBound)
            for place in part { chosen.append(window.rows[window.order[place - window.start]]) }
            position = part.upperBound
        }
        return chosen
    }

    /// Takes the window that holds a position.
    package mutating func moveWindow(to position: Int) {
        precondition(position >= 0 && position < rows.count, "\(position) of \(rows.count) rows")
        if window.positions.contains(position) { return }
        var (start, first) = (0, 0)
        if position >= window.positions.upperBound {
            (start, first) = (window.positions.upperBound, window.blocks.upperBound)
        }
        while true {
            let next = first..<min(first + Self.windowBlocks, blocks.count)
            let count = blocks[next].reduce(0) { $0 + range(ofBlock: $1).count }
            if position < start + count {
                var stream = windowStream?.substream(UInt64(first)) ?? RandomStream(seed: 0)
                window = Window(
                    start: start,
                    rows: blocks[next].flatMap { rows[range(ofBlock: $0)] },
                    order: stream.permutation(count),
                    blocks: next
                )
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
