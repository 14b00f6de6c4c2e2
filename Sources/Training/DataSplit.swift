import Kernels

/// Which rows of a set train the weights and which only judge them.
public struct DataSplit: Sendable, Equatable {
    /// The rows that train, ascending.
    public let training: RowSelection
    /// The rows held out, ascending.
    public let validation: [Int]

    /// Up to how many rows an order of all of them is drawn and kept in memory.
    package static let orderLimit = 1 << 22

    /// Holds out a random part of the rows, at least one and at most all but one.
    ///
    /// - Parameters:
    ///   - count: The number of rows, two or more.
    ///   - validationFraction: The part to hold out.
    ///   - seed: The run's seed.
    public init(count: Int, validationFraction: Double, seed: UInt64) {
        precondition(count >= 2, "a split of \(count) rows")
        let wanted = Int((Double(count) * validationFraction).rounded())
        let heldOut = min(max(wanted, 1), count - 1)
        var stream = RandomStream(seed: SeedPurpose.validationSplit.seed(of: seed))
        if count <= Self.orderLimit {
            validation = stream.permutation(count)[..<heldOut].sorted()
        } else {
            validation = Self.choose(heldOut, of: count, using: &stream)
        }
        training = RowSelection(total: count, excluding: validation)
    }

    /// Holds out the last rows of a set.
    ///
    /// - Parameters:
    ///   - count: The number of rows.
    ///   - last: How many of them judge, at least one and at most all but one.
    public init(count: Int, holdingOutLast last: Int) {
        precondition(last > 0 && last < count, "\(last) of \(count) rows held out")
        validation = Array(count - last..<count)
        training = RowSelection(total: count, excluding: validation)
    }

    /// Random rows without an order of all, with one bit for each: ascending.
    private static func choose(
        _ wanted: Int,
        of count: Int,
        using stream: inout RandomStream
    ) -> [Int] {
        // Past one half, those left out are drawn.
        let isInverted = wanted > count / 2
        var drawn = [UInt64](repeating: 0, count: count / 64 + 1)
        var left = isInverted ? count - wanted : wanted
        while left > 0 {
            let row = stream.integer(below: count)
            let bit = UInt64(1) << UInt64(row % 64)
            if drawn[row / 64] & bit != 0 { continue }
            drawn[row / 64] |= bit
            left -= 1
        }
        var rows: [Int] = []
        rows.reserveCapacity(wanted)
        for row in 0..<count {
            let isDrawn = drawn[row / 64] >> UInt64(row % 64) & 1 == 1
            if isDrawn != isInverted { rows.append(row) }
        }
        return rows
    }
}
