public import Estimators

/// What is done in training so that small perturbations of x cannot move the posterior far.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984, where all of them are compared.
public enum Defense: Sendable, Equatable {
    /// Nothing: the loss is −log q(theta | x).
    case none
    /// β tr I(x) is added to the loss.
    case fisherTrace(FisherTraceRegularization)
    /// β λmax(I(x)) is added to the loss.
    case fisherEigenvalue(FisherEigenvalueRegularization)
    /// β times the divergence between clean and attacked posterior is added to the loss.
    case trades(TRADES)
    /// The loss is taken at an attacked x.
    case adversarialTraining(AdversarialTraining)
    /// The loss is taken at x with noise.
    case noiseAugmentation(NoiseAugmentation)
}

/// A number with the unit of a perturbation of x, or of its square.
public struct ScaledAmount: Sendable, Equatable {
    /// What a number is counted in.
    public enum Unit: String, Sendable, CaseIterable {
        /// The user's unit of x, or its square.
        case absolute
        /// The data scale s, or its square.
        case dataScale = "data_scale"
    }

    /// How many units.
    public var value: Double
    /// The unit.
    public var unit: Unit

    /// Makes an amount of a unit.
    public init(_ value: Double, _ unit: Unit) {
        self.value = value
        self.unit = unit
    }

    /// A size ε in the user's unit of x.
    public func size(dataScale: Double) -> Double {
        unit == .absolute ? value : value * dataScale
    }

    /// A weight β of what has the unit 1/x², in the user's unit of x².
    public func weight(dataScale: Double) -> Double {
        unit == .absolute ? value : value * dataScale * dataScale
    }
}

/// The trace of the Fisher information of the posterior as a function of x, estimated by draws.
///
///     E[−log q(θ | x)] + β E[tr I(x)],  tr I(x) = E[‖∇ₓ log q(θ | x)‖²] over θ ~ q(· | x)
///
/// The gradient of β tr I(x) by the weights, which includes how they move the draws, goes through
/// a running average of its own: h ← γ g + (1 − γ) h, divided by 1 − (1 − γ)ᵗ. The part of the
/// rows that is regularised in a step can be small, since every step takes other rows. Five draws
/// and all rows are what was published.
public struct FisherTraceRegularization: Sendable, Equatable {
    /// β, in units of x².
    public var beta: ScaledAmount
    /// M, draws of one row in one step.
    public var draws = 1
    /// The part of a batch that is regularised.
    public var share = 0.5
    /// γ, the weight of the newest gradient in the running average; 1 turns it off.
    public var averageRate = 0.85

    /// Makes a regularisation of a strength.
    public init(beta: ScaledAmount) { self.beta = beta }
}

/// The largest eigenvalue of the Fisher information, by a power iteration that goes on from step
/// to step.
///
///     E[−log q(θ | x)] + β E[vᵀ I(x) v],  w ← (1 − ρ) w + ρ I(x) v,  v = w / ‖w‖
///
/// Every row keeps its w; the draws of the iteration are not those of the penalty, so that vᵀ I v
/// is estimated without bias and never exceeds λmax on average.
public struct FisherEigenvalueRegularization: Sendable, Equatable {
    /// β, draws, share and averaging, as for the trace.
    public var penalty: FisherTraceRegularization
    /// ρ, the weight of the newest product in w.
    public var powerRate = 0.5
    /// Iterations where there is no w to go on from.
    public var firstIterations = 4

    /// The most entries that the rows' w may have in all; beyond them every step starts afresh.
    public static let memoryLimit = 1 << 24

    /// Makes a regularisation of a strength.
    public init(beta: ScaledAmount) { penalty = FisherTraceRegularization(beta: beta) }
}

/// Projected gradient ascent in a ball around x, with steps of one size from a random point of it.
///
/// *Reference*: Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards Deep Learning Models
/// Resistant to Adversarial Attacks, arXiv:1706.06083.
public struct BallSearch: Sendable, Equatable {
    /// ε, the radius.
    public var epsilon: ScaledAmount
    /// How many steps.
    public var steps = 5
    /// The size of a step in units of the radius; nil: 2.5 / steps, so that every point of the ball
    /// can be reached.
    public var stepSize: Double?

    /// Makes a search of a radius.
    public init(epsilon: ScaledAmount) { self.epsilon = epsilon }
}

/// The divergence between the posteriors of x and of an attacked x̃, added to the loss at x.
///
///     E[−log q(θ | x)] + β E[KL(q(· | x) ‖ q(· | x̃))],  ‖x̃ − x‖₂ ≤ ε
///
/// The search maximises the same divergence that the penalty holds down, each from one draw, and
/// the penalty's gradient goes through both posteriors and the draw.
///
/// *Reference*: Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan (2019), Theoretically Principled Trade-off
/// between Robustness and Accuracy, arXiv:1901.08573.
public struct TRADES: Sendable, Equatable {
    /// β, the weight of the divergence.
    ///
    /// 10 gives a flow on the linear Gaussian task the robustness that was published for a weight
    /// called 0.1 (Glöckler et al. 2023); at 0.1 it is hardly defended.
    public var beta = 10.0
    /// The attack.
    public var search: BallSearch
    /// Which divergence is meant.
    public var direction = DivergenceDirection.cleanAttacked

    /// Makes a defense against perturbations of a size.
    public init(epsilon: ScaledAmount) { search = BallSearch(epsilon: epsilon) }
}

/// The loss at the worst x̃ near x: E[max −log q(θ | x̃)], ‖x̃ − x‖₂ ≤ ε.
public struct AdversarialTraining: Sendable, Equatable {
    /// The attack.
    public var search: BallSearch

    /// Makes a defense against perturbations of a size.
    public init(epsilon: ScaledAmount) { search = BallSearch(epsilon: epsilon) }
}

/// The loss at x + δ with δ uniform in a ball of radius ε, other noise in every step.
public struct NoiseAugmentation: Sendable, Equatable {
    /// ε, the radius.
    public var epsilon: ScaledAmount

    /// Makes a defense of a size of noise.
    public init(epsilon: ScaledAmount) { self.epsilon = epsilon }
}
