/// Values of many observations in a few numbers.
///
/// Values that are not finite or below −10,000, as overflow gives them, are replaced by the median
/// of the rest, and counted.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), arXiv:2305.14984, whose figures show the median
/// and these two quantiles.
public struct ValueSummary: Sendable, Equatable {
    /// The mean; like the quantiles, NaN where no value is left.
    public let mean: Double
    /// The median.
    public let median: Double
    /// The 15 % quantile.
    public let lowerQuantile: Double
    /// The 85 % quantile.
    public let upperQuantile: Double
    /// How many values were replaced.
    public let replacedCount: Int

    private static let lowest = -10_000.0

    /// Summarises values.
    public init(_ values: [Double]) {
        let usable = values.filter { $0.isFinite && $0 >= Self.lowest }.sorted()
        replacedCount = values.count - usable.count
        let middle = Self.quantile(0.5, of: usable)
        let sorted = (usable + Array(repeating: middle, count: replacedCount)).sorted()
        median = middle
        mean = usable.isEmpty ? .nan : sorted.reduce(0, +) / Double(sorted.count)
        lowerQuantile = Self.quantile(0.15, of: sorted)
        upperQuantile = Self.quantile(0.85, of: sorted)
    }

    /// A quantile of ascending values, linear between two of them.
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        guard let last = sorted.last else { return .nan }
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return last }
        return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
    }
}
