/// What an evaluation found.
public struct RobustnessResult: Sendable, Equatable {
    /// What perturbations of one kind and size did.
    public struct Perturbed: Sendable, Equatable {
        /// KL(q(· | x) ‖ q(· | x̃)).
        public let klCleanAttacked: ValueSummary
        /// KL(q(· | x̃) ‖ q(· | x)).
        public let klAttackedClean: ValueSummary
        /// −log q(θ* | x̃).
        public let nll: ValueSummary
        /// Coverage of q(· | x̃) with the same θ*.
        public let coverage: ExpectedCoverage
    }

    /// What was found at one radius.
    public struct Level: Sendable, Equatable {
        /// ε, in units of the data scale.
        public let epsilon: Double
        /// ε in the user's units of x.
        public let radius: Double
        /// What the attack did.
        public let attack: Perturbed
        /// What noise from the whole ball did.
        public let noise: Perturbed
        /// ½ ε² λmax, which predicts the worst divergence where ε is small.
        public let predictedKL: ValueSummary
        /// `RobustnessReport.score(ofDivergence:)` of the larger divergence of attack and noise, in the attack's
        /// direction.
        public let score: ValueSummary
    }

    /// N, the number of observations.
    public let observations: Int
    /// −log q(θ* | x).
    public let nll: MonteCarloEstimate
    /// Coverage on clean observations.
    public let coverage: ExpectedCoverage
    /// Ranks on clean observations.
    public let calibration: SimulationBasedCalibration
    /// tr I.
    public let fisherTrace: ValueSummary
    /// λmax.
    public let largestEigenvalue: ValueSummary
    /// Each radius.
    public let levels: [Level]
    /// Whether the attack can be believed.
    public let checks: [MaskingCheck]
}
