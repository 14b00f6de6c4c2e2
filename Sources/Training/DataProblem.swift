/// Why rows of files are not fit to train on.
public enum DataProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Rows have NaN or infinities; the first few say where.
    case invalidNumbers(count: Int, total: Int, first: [String])
    /// Rows have a theta where the prior's density is zero; the first few say where.
    case outsidePrior(count: Int, total: Int, first: [String])
    /// A column has no finite number in any row.
    case noNumbers(column: String)
    /// A column has the same number in all rows.
    case constantColumn(column: String, value: Float, canBeAllowed: Bool)
    /// The part that is held out would be empty.
    case tooFewRows(usable: Int, dropped: Int, needed: Int)

    /// What is wrong, and what may help.
    public var description: String {
        switch self {
        case .invalidNumbers(let count, let total, let first):
            """
            \(count) of \(total) rows have NaN or infinite numbers (\(Self.list(first, of: count))); \
            --drop-invalid leaves them out
            """
        case .outsidePrior(let count, let total, let first):
            """
            \(count) of \(total) rows have a theta outside the prior's support \
            (\(Self.list(first, of: count))); the prior must be the one theta was drawn from
            """
        case .noNumbers(let column):
            "\(column) is NaN or infinite in all rows"
        case .constantColumn(let column, let value, true):
            """
            \(column) is \(value) in all rows and tells nothing; leave it out of the data, or \
            accept it by --allow-constant
            """
        case .constantColumn(let column, let value, false):
            "\(column) is \(value) in all rows: there is nothing to infer; leave it out"
        case .tooFewRows(let usable, let dropped, let needed):
            """
            \(usable) usable rows\(dropped > 0 ? " (\(dropped) left out)" : ""), but at least \
            \(needed) are needed to train on some and judge by others
            """
        }
    }

    private static func list(_ first: [String], of count: Int) -> String {
        first.joined(separator: ", ") + (count > first.count ? ", …" : "")
    }
}
