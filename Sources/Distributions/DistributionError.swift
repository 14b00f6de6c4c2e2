/// Why a description does not define a distribution.
public enum DistributionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A distribution without dimensions, or a product without factors.
    case empty(distribution: String)
    /// Two fields disagree about the number of entries.
    case wrongLength(field: String, expected: Int, found: Int)
    /// An entry is NaN or infinite.
    case nonFinite(field: String, index: Int, found: Double)
    /// An entry that must be above zero is not.
    case notPositive(field: String, index: Int, found: Double)
    /// An entry lies below the least one single precision can work with.
    case tooSmall(field: String, index: Int, found: Double, least: Double)
    /// The normal has no probability between the bounds that a Double can hold.
    case noMass(index: Int, lower: Double, upper: Double)
    /// The lower bound is not below the upper one.
    case lowerNotBelowUpper(index: Int, lower: Double, upper: Double)
    /// No single-precision number lies strictly between the bounds, or their distance overflows.
    case unusableInterval(index: Int, lower: Double, upper: Double)
    /// The covariance differs from its transpose.
    case notSymmetric(row: Int, column: Int)
    /// The covariance is not positive definite; its Cholesky factor ends at this row.
    case notPositiveDefinite(row: Int)

    /// One sentence for a log or an error message.
    public var description: String {
        switch self {
        case .empty(let distribution):
            "\(distribution) needs at least one dimension"
        case .wrongLength(let field, let expected, let found):
            "\(field) has \(found) entries, expected \(expected)"
        case .nonFinite(let field, let index, let found):
            "\(field)[\(index)] is \(found), expected a finite number"
        case .notPositive(let field, let index, let found):
            "\(field)[\(index)] is \(found), expected a number above 0"
        case .tooSmall(let field, let index, let found, let least):
            "\(field)[\(index)] is \(found), expected at least \(least)"
        case .noMass(let index, let lower, let upper):
            """
            the normal of dimension \(index) has no mass between lower[\(index)] = \(lower) and \
            upper[\(index)] = \(upper)
            """
        case .lowerNotBelowUpper(let index, let lower, let upper):
            "lower[\(index)] is \(lower), expected less than upper[\(index)] = \(upper)"
        case .unusableInterval(let index, let lower, let upper):
            """
            lower[\(index)] = \(lower) and upper[\(index)] = \(upper) leave no single-precision \
            number between them or overflow
            """
        case .notSymmetric(let row, let column):
            "covariance[\(row)][\(column)] differs from covariance[\(column)][\(row)]"
        case .notPositiveDefinite(let row):
            "covariance is not positive definite at row \(row)"
        }
    }
}

/// Checks that a field has the expected length and only finite entries.
func check(
    _ values: [Double],
    field: String,
    count: Int
) throws(DistributionError) {
    guard values.count == count else {
        throw .wrongLength(field: field, expected: count, found: values.count)
    }
    for (index, value) in values.enumerated() where !value.isFinite {
        throw .nonFinite(field: field, index: index, found: value)
    }
}

/// Checks that the entries of a field are above zero.
func checkPositive(_ values: [Double], field: String) throws(DistributionError) {
    for (index, value) in values.enumerated() where value <= 0 {
        throw .notPositive(field: field, index: index, found: value)
    }
}
