/// Moments of draws and their distance from a distribution function.
public struct SampleStatistics: Sendable {
    /// The draws, in ascending order.
    private let sorted: [Double]

    /// Takes the draws, in any order.
    public init(_ draws: [Double]) {
        sorted = draws.sorted()
    }

    /// The average of the draws.
    public var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }

    /// The variance of the draws, with n − 1 in the denominator.
    public var variance: Double {
        let mean = mean
        return sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count - 1)
    }

    /// Kolmogorov and Smirnov's √n sup │Fₙ − F│.
    ///
    /// Under the null hypothesis it exceeds 1.95 once in a thousand and 2.65 once in a million
    /// times: P(K > k) ≈ 2 exp(−2k²).
    public func kolmogorovSmirnov(_ distributionFunction: (Double) -> Double) -> Double {
        let count = Double(sorted.count)
        var distance = 0.0
        for (index, value) in sorted.enumerated() {
            let probability = distributionFunction(value)
            distance = max(
                distance,
                probability - Double(index) / count,
                Double(index + 1) / count - probability
            )
        }
        return distance * count.squareRoot()
    }
}
