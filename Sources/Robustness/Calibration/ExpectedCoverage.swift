/// How often credible regions hold the parameters that an observation was made from.
///
///     cov(α) = share of the pairs (θ*, x) whose θ* lies in the smallest region of q(· | x) with mass α
///
/// A calibrated posterior has cov(α) = α; an overconfident one lies below.
///
/// *Reference*: Hermans, Delaunoy, Rozet, Wehenkel, Begy, Louppe (2022), A Trust Crisis in
/// Simulation-Based Inference, arXiv:2110.06581, eq. 4; grid and areas of Glöckler et al. (2023).
public struct ExpectedCoverage: Sendable, Equatable {
    /// α, 100 equispaced levels from 0 to 1.
    public static let levels = (0..<100).map { Double($0) / 99 }

    /// cov(α) of each level, 0 at the first and 1 at the last.
    public let coverage: [Double]
    /// Number of pairs.
    public let count: Int

    /// Counts pairs by the mass of the region that θ* is on the edge of.
    ///
    /// - Parameter ranks: ρ, the mass of the region where q(· | x) is denser than at θ*, `[N]`, one
    ///   or more; a pair is covered at level α if ρ < α.
    public init(ranks: [Double]) {
        precondition(!ranks.isEmpty, "coverage of no pairs")
        count = ranks.count
        var coverage = Self.levels.map { level in
            Double(ranks.count { $0 < level }) / Double(ranks.count)
        }
        coverage[0] = 0
        coverage[coverage.count - 1] = 1
        self.coverage = coverage
    }

    /// ∫ (cov(α) − α) dα by trapezoids: positive is too broad, negative overconfident; −0.495 where
    /// nothing is covered.
    public var signedArea: Double { area { $0 } }

    /// ∫ │cov(α) − α│ dα by trapezoids.
    public var absoluteArea: Double { area { abs($0) } }

    /// The standard deviation of the signed area of a calibrated posterior, whose ρ is uniform:
    /// 1 / √(12 N).
    public var signedAreaStandardError: Double { 1 / (12 * Double(count)).squareRoot() }

    /// The integral over the levels of a function of cov(α) − α.
    private func area(_ function: (Double) -> Double) -> Double {
        let heights = zip(coverage, Self.levels).map { function($0 - $1) }
        let sum = heights.reduce(0, +) - (heights[0] + heights[heights.count - 1]) / 2
        return sum / Double(heights.count - 1)
    }
}
