import Foundation

/// How far perturbations of one observation move its posterior.
///
/// Its divergences are those of attacks that were searched for: evidence, not proof. Another attack
/// may find more.
public struct RobustnessReport: Sendable, Equatable {
    /// What holds for perturbations up to one size.
    public struct Level: Sendable, Equatable {
        /// r, the largest size of a perturbation in the user's units.
        public var radius: Double
        /// ½ r² λmax, the worst divergence for small r.
        public var predictedKL: Double
        /// ½ r² tr I, which bounds it.
        public var traceBoundKL: Double
        /// KL(q(· | x) ‖ q(· | x̃)) of the strongest attack found with a radius of r or less.
        public var attackKL: MonteCarloEstimate
        /// The mean KL(q(· | x) ‖ q(· | x̃)) of perturbations drawn uniformly from the ball.
        public var noiseKL: MonteCarloEstimate

        /// 1 − √(1 − exp(−KL)), see `RobustnessReport.score(ofDivergence:)`.
        public var score: Double { RobustnessReport.score(ofDivergence: attackKL.mean) }
    }

    /// The Fisher information of the observation.
    public var fisher: FisherInformation
    /// One for each radius, in the order asked.
    public var levels: [Level]
    /// The mean of each parameter under the strongest attack less that of the clean posterior, in
    /// units of the clean posterior's standard deviation, `[D]`.
    public var parameterShift: [Double]

    /// The lowest score of the levels.
    public var score: Double { levels.map(\.score).reduce(1) { $1 < $0 || $1.isNaN ? $1 : $0 } }

    /// 1 − √(1 − exp(−KL)): at least so much of both posteriors overlaps, 1 − TV ≥ score.
    ///
    /// *Reference*: Bretagnolle, Huber (1979), Estimation des densités: risque minimax, lemma 2.1.
    ///
    /// *Edge cases*: 1 for a divergence of 0, and below it, where only an estimate can be; 0 for an
    /// infinite one; NaN for NaN.
    public static func score(ofDivergence divergence: Double) -> Double {
        guard divergence > 0 else { return divergence.isNaN ? .nan : 1 }
        return 1 - (-expm1(-divergence)).squareRoot()
    }
}
