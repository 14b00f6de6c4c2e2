/// A sign that an attack fails for want of a useful gradient, and that its figures flatter the
/// posterior.
///
/// *Reference*: Athalye, Carlini, Wagner (2018), Obfuscated Gradients Give a False Sense of
/// Security, arXiv:1802.00420, section 3.1; Carlini et al. (2019), arXiv:1902.06705.
public struct MaskingCheck: Sendable, Equatable {
    /// What is compared.
    public enum Kind: String, Sendable, CaseIterable {
        /// Twice the steps, from several starts, against the attack: must not find less.
        case strongerAttack = "stronger_attack"
        /// The attack against one random point: must not find less.
        case noise
        /// The attack against the best of many random points: must not find less.
        case randomSearch = "random_search"
        /// The attack against one step along the gradient: must not find less.
        case oneStep = "one_step"
        /// The attack in a ball far larger than the data: must break the posterior.
        case largeEpsilon = "large_epsilon"
    }

    /// What is compared.
    public let kind: Kind
    /// The radius, in units of the data scale.
    public let epsilon: Double
    /// The median divergence that what should be stronger found.
    public let median: Double
    /// The median that what should be weaker found, or the least that counts as broken.
    public let comparedWith: Double
    /// The mean of (s − w) / (│s│ + │w│) over observations, from −1 to 1, for divergences s and w
    /// that the stronger and the weaker found; none where the bound is a number.
    public let advantage: MonteCarloEstimate?

    /// Standard errors by which the stronger may fall behind.
    private static let tolerance = 3.0
    /// Nats that count as broken: less than half a per cent of overlap is certain.
    static let broken = 5.0

    /// Whether there is no sign of masking.
    public var isPassed: Bool {
        guard let advantage else { return median >= comparedWith }
        return advantage.mean >= -Self.tolerance * advantage.standardError
    }

    /// Compares divergences of the same two or more observations.
    init(_ kind: Kind, epsilon: Double, stronger: [Double], weaker: [Double]) {
        self.kind = kind
        self.epsilon = epsilon
        median = ValueSummary(stronger).median
        comparedWith = ValueSummary(weaker).median
        // Bounded, so that no single observation decides; what is not finite broke both.
        advantage = MonteCarloEstimate(
            zip(stronger, weaker).map { strong, weak in
                let share = (strong - weak) / (abs(strong) + abs(weak))
                return share.isFinite ? share : 0
            }
        )
    }

    /// Holds divergences in a large ball against what counts as broken.
    init(largeEpsilon epsilon: Double, divergences: [Double]) {
        kind = .largeEpsilon
        self.epsilon = epsilon
        median = ValueSummary(divergences).median
        comparedWith = Self.broken
        advantage = nil
    }
}
