/// Rows from 0 up to a count but for some, ascending, without a list of them: a set of a billion
/// rows takes the memory of those left out.
public struct RowSelection: RandomAccessCollection, Sendable, Equatable {
    /// The number of all rows.
    private let total: Int
    /// The rows left out, ascending.
    private let excluded: [Int]

    /// Makes a selection.
    ///
    /// - Parameters:
    ///   - total: The number of all rows.
    ///   - excluded: The rows to leave out, ascending and without repetition.
    public init(total: Int, excluding excluded: [Int]) {
        precondition(excluded.count <= total, "\(excluded.count) of \(total) rows left out")
        self.total = total
        self.excluded = excluded
    }

    /// The position of the first row.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { total - excluded.count }

    /// The row at a position.
    ///
    /// *Complexity*: logarithmic in the number of rows left out.
    public subscript(position: Int) -> Int {
        precondition(position >= 0 && position < endIndex, "\(position) of \(endIndex) rows")
        // The row is the position and all that are left out before it: those at index i with no
        // more than `position` rows kept before them, which is excluded[i] − i.
        var (low, high) = (0, excluded.count)
        while low < high {
            let middle = (low + high) / 2
            if excluded[middle] - middle <= position { low = middle + 1 } else { high = middle }
        }
        return position + low
    }
}
