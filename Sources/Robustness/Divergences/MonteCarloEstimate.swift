/// A mean over draws and how far chance may have moved it.
public struct MonteCarloEstimate: Sendable, Equatable {
    /// The mean.
    public var mean: Double
    /// The standard error of the mean; 0 where the value is exact.
    public var standardError: Double

    /// Makes an estimate from its parts.
    public init(mean: Double, standardError: Double) {
        self.mean = mean
        self.standardError = standardError
    }

    /// Averages independent values, two or more.
    public init(_ values: some Collection<Double>) {
        let count = Double(values.count)
        precondition(count >= 2, "the standard error of \(values.count) values")
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        standardError = (squares / (count - 1) / count).squareRoot()
    }
}
