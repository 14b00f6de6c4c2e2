/// A block of rows of a matrix product and the range of the inner dimension it sums over.
///
/// A masked autoregressive matrix whose units are sorted by degree is block-triangular: a block
/// of output rows needs only a prefix of the inputs, its transpose only a suffix.
public struct MatrixTile: Sendable, Equatable {
    /// The most rows of one tile: six rows by two vectors fill the sixteen vector registers.
    public static let maximumRows = 6

    /// First output row.
    public let row: Int
    /// Number of output rows, at most `maximumRows`.
    public let rowCount: Int
    /// First index of the inner dimension.
    public let inner: Int
    /// Number of inner indices; zero when the rows have no inputs.
    public let innerCount: Int

    /// Makes a tile from its ranges.
    public init(row: Int, rowCount: Int, inner: Int, innerCount: Int) {
        precondition(
            rowCount > 0 && rowCount <= Self.maximumRows && inner >= 0 && innerCount >= 0,
            "a tile of \(rowCount) rows over \(inner) ..< \(inner + innerCount)"
        )
        self.row = row
        self.rowCount = rowCount
        self.inner = inner
        self.innerCount = innerCount
    }

    /// Cuts output rows into tiles, each with the hull of its rows' inner ranges.
    ///
    /// A tile of at least four rows ends where the range changes, so that units of one degree
    /// share a tile.
    public static func cover(rowExtents: [Range<Int>]) -> [MatrixTile] {
        var tiles: [MatrixTile] = []
        var start = 0
        while start < rowExtents.count {
            var end = start + 1
            while end < rowExtents.count, end - start < maximumRows {
                if end - start >= 4, rowExtents[end] != rowExtents[end - 1] { break }
                end += 1
            }
            let used = rowExtents[start..<end].filter { !$0.isEmpty }
            let lower = used.map(\.lowerBound).min() ?? 0
            let upper = used.map(\.upperBound).max() ?? 0
            tiles.append(
                MatrixTile(
                    row: start,
                    rowCount: end - start,
                    inner: lower,
                    innerCount: upper - lower
                )
            )
            start = end
        }
        return tiles
    }
}
