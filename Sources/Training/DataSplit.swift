import Kernels

/// Which rows of a set train the weights and which only judge them.
public struct DataSplit: Sendable, Equatable {
    /// The rows that train, ascending.
    public let training: [Int]
    /// The rows held out, ascending.
    public let validation: [Int]

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
        let order = stream.permutation(count)
        validation = order[..<heldOut].sorted()
        training = order[heldOut...].sorted()
    }
}
