/// Whether posteriors hold the parameters that observations were made from as often as they claim,
/// parameter by parameter.
///
/// The rank of θ*ⱼ among posterior draws of θⱼ is uniform if the posterior is exact. Too narrow a
/// posterior piles ranks up at both ends, too broad a one in the middle, a biased one at one end.
///
/// *Reference*: Talts, Betancourt, Simpson, Vehtari, Gelman (2018), Validating Bayesian Inference
/// Algorithms with Simulation-Based Calibration, arXiv:1804.06788.
public struct SimulationBasedCalibration: Sendable, Equatable {
    /// The ranks of one parameter.
    public struct Parameter: Sendable, Equatable {
        /// Ranks in each of the equally wide bins from 0 to 1.
        public let histogram: [Int]
        /// Pearson's statistic of the histogram against the uniform one.
        public let chiSquared: Double
        /// The chance of a statistic at least as large if ranks are uniform.
        public let pValue: Double
    }

    /// Every parameter, `[D]`.
    public let parameters: [Parameter]

    /// The chance that the least likely of the parameters looks as it does, by Bonferroni's bound.
    public var pValue: Double {
        min(1, Double(parameters.count) * (parameters.map(\.pValue).min() ?? 1))
    }

    /// Counts ranks.
    ///
    /// - Parameters:
    ///   - ranks: From 0 to 1, `[N, D]`, row-major, one row or more.
    ///   - dimension: D.
    ///   - bins: Number of bins; by default 20, and fewer where they would expect less than five.
    public init(ranks: [Double], dimension: Int, bins: Int? = nil) {
        precondition(
            dimension > 0 && !ranks.isEmpty && ranks.count % dimension == 0,
            "\(ranks.count) ranks in rows of \(dimension)"
        )
        let count = ranks.count / dimension
        let bins = bins ?? min(20, max(2, count / 5))
        precondition(bins > 1, "\(bins) bins")
        parameters = (0..<dimension).map { column in
            var histogram = [Int](repeating: 0, count: bins)
            for place in stride(from: column, to: ranks.count, by: dimension) {
                histogram[min(Int(ranks[place] * Double(bins)), bins - 1)] += 1
            }
            let expected = Double(count) / Double(bins)
            let statistic = histogram.reduce(0.0) { total, found in
                total + (Double(found) - expected) * (Double(found) - expected) / expected
            }
            return Parameter(
                histogram: histogram,
                chiSquared: statistic,
                pValue: ChiSquared(degrees: bins - 1).upperTail(statistic)
            )
        }
    }
}
