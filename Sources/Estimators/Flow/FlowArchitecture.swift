/// Structure of a normalizing flow: invertible maps from theta to a standard normal, in order.
///
/// *Reference*: Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2021), Normalizing
/// Flows for Probabilistic Modeling and Inference, arXiv:1912.02762.
public struct FlowArchitecture: Sendable, Equatable {
    /// The maps, in the order theta passes through them.
    public var transforms: [FlowTransform]

    /// Makes a flow's structure from its maps; `Posterior` checks them.
    public init(transforms: [FlowTransform]) {
        self.transforms = transforms
    }
}

/// One invertible map u → y of a flow.
public enum FlowTransform: Sendable, Equatable {
    /// y = scale ⊙ u + shift, both parameters.
    case elementwiseAffine
    /// `y[i] = u[permutation[i]]`.
    case permutation([Int])
    /// y = L (U u) + b, L unit lower and U upper triangular, diag U = softplus(raw) + floor.
    case lowerUpperLinear(diagonalFloor: Double)
    /// Each feature by a map whose numbers depend on the features before it.
    case autoregressive(AutoregressiveTransform)
    /// Some features by a map whose numbers depend on the others, which pass unchanged.
    case coupling(CouplingTransform)
}

/// Structure of an autoregressive map.
///
/// *Reference*: Papamakarios, Pavlakou, Murray (2017), Masked Autoregressive Flow for Density
/// Estimation, arXiv:1705.07057; Germain, Gregor, Murray, Larochelle (2015), MADE,
/// arXiv:1502.03509.
public struct AutoregressiveTransform: Sendable, Equatable {
    /// The level of each feature, `[D]`, from 0 to D − 1: a feature sees those of lower levels.
    public var order: [Int]
    /// How each feature is mapped.
    public var map: FeatureMap
    /// The network that gives the map its numbers.
    public var conditioner: MaskedNetwork

    /// Makes an autoregressive map from its parts.
    public init(order: [Int], map: FeatureMap, conditioner: MaskedNetwork) {
        self.order = order
        self.map = map
        self.conditioner = conditioner
    }
}

/// Structure of a coupling.
///
/// *Reference*: Dinh, Sohl-Dickstein, Bengio (2017), Density estimation using Real NVP,
/// arXiv:1605.08803.
public struct CouplingTransform: Sendable, Equatable {
    /// The features that pass unchanged and condition the others; may be empty.
    public var identity: [Int]
    /// The features that are mapped, in the order of the network's outputs.
    public var transformed: [Int]
    /// How each of them is mapped.
    public var map: FeatureMap
    /// The network that gives the map its numbers.
    public var conditioner: CouplingNetwork

    /// Makes a coupling from its parts.
    public init(
        identity: [Int],
        transformed: [Int],
        map: FeatureMap,
        conditioner: CouplingNetwork
    ) {
        self.identity = identity
        self.transformed = transformed
        self.map = map
        self.conditioner = conditioner
    }
}

/// An increasing map of one feature, governed by numbers that a network gives.
public enum FeatureMap: Sendable, Equatable {
    /// y = (softplus(a) + floor) u + shift, from (a, shift).
    case softplusAffine(floor: Double)
    /// y = u exp(a / (1 + |a / ln slope|)) + shift, from (shift, a).
    case softClippedAffine(slope: Double)
    /// A monotone spline, from raw widths, heights and derivatives.
    case rationalQuadraticSpline(RationalQuadraticSpline)
    /// A monotone spline whose raw numbers are clipped softly, as zuko has it.
    ///
    /// Widths and heights pass w / (1 + |2w / ln slope|) before the softmax, derivatives are
    /// exp(d / (1 + |d / ln slope|)), and there are no floors.
    case softClippedSpline(bins: Int, bound: Double, slope: Double)

    /// How many numbers the map of one feature takes.
    public var numbersPerFeature: Int {
        switch self {
        case .softplusAffine, .softClippedAffine: 2
        case .rationalQuadraticSpline(let spline): 3 * spline.bins - 1
        case .softClippedSpline(let bins, _, _): 3 * bins - 1
        }
    }
}

/// A monotone rational-quadratic spline on [−B, B], the identity outside.
///
/// *Reference*: Durkan, Bekasov, Murray, Papamakarios (2019), Neural Spline Flows,
/// arXiv:1906.04032.
public struct RationalQuadraticSpline: Sendable, Equatable {
    /// Number of bins K.
    public var bins: Int
    /// The bound B.
    public var tailBound: Double
    /// The least share of a bin of the width 2B.
    public var minimumBinWidth: Double
    /// The least share of a bin of the height 2B.
    public var minimumBinHeight: Double
    /// The least slope at a knot; the slope at the ends is 1.
    public var minimumDerivative: Double
    /// What raw widths and heights are divided by.
    public var divisor: Double

    /// Makes a spline's structure from its constants.
    public init(
        bins: Int,
        tailBound: Double,
        minimumBinWidth: Double = 1e-3,
        minimumBinHeight: Double = 1e-3,
        minimumDerivative: Double = 1e-3,
        divisor: Double = 1
    ) {
        self.bins = bins
        self.tailBound = tailBound
        self.minimumBinWidth = minimumBinWidth
        self.minimumBinHeight = minimumBinHeight
        self.minimumDerivative = minimumDerivative
        self.divisor = divisor
    }
}

/// A feed-forward network of masked layers.
///
///     h = act(W₀ u + b₀ + cact(W_c e + b_c));  each block: h = act(W h + b);  numbers = W_f h + b_f
///
/// A unit of degree d sees features of level below d and units of degree at most d; the numbers of
/// a feature see units of degree at most its level.
public struct MaskedNetwork: Sendable, Equatable {
    /// The degree of each unit of each hidden layer, in the order of the stored weights.
    public var hiddenDegrees: [[Int]]
    /// The function after each hidden layer.
    public var activation: Activation
    /// What the projected context passes before it is added; nothing when nil.
    public var contextActivation: Activation?

    /// Makes a network's structure from its parts.
    public init(
        hiddenDegrees: [[Int]],
        activation: Activation,
        contextActivation: Activation?
    ) {
        self.hiddenDegrees = hiddenDegrees
        self.activation = activation
        self.contextActivation = contextActivation
    }
}

/// The network of a coupling; its input is the unchanged features, then the context.
public enum CouplingNetwork: Sendable, Equatable {
    /// A residual network whose blocks are gated by the context.
    case residual(ResidualNetwork)
    /// Plain layers, each followed by the activation.
    case layers(hiddenFeatures: [Int], activation: Activation)
}

/// A residual network whose blocks are gated by the context.
///
///     h = W [u; e] + b;  each block: t = L₁ act(L₀ act(N(h)) + c₀) + c₁;  h = h + t ⊙ σ(W_c e + b_c)
///     numbers = W_f h + b_f
///
/// *Reference*: He, Zhang, Ren, Sun (2016), Identity Mappings in Deep Residual Networks,
/// arXiv:1603.05027.
public struct ResidualNetwork: Sendable, Equatable {
    /// Width of every layer.
    public var hiddenFeatures: Int
    /// Number of residual blocks.
    public var blocks: Int
    /// The function before each layer of a block.
    public var activation: Activation
    /// Whether N(h) is scale ⊙ h + shift, both parameters, rather than h.
    public var normalized: Bool

    /// Makes a network's structure from its parts.
    public init(hiddenFeatures: Int, blocks: Int, activation: Activation, normalized: Bool) {
        self.hiddenFeatures = hiddenFeatures
        self.blocks = blocks
        self.activation = activation
        self.normalized = normalized
    }
}
