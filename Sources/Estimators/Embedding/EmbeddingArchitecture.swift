/// The structure of a network between the standardised observation and the estimator.
///
/// Its output is the context, the vector the estimator sees in place of x. It depends on the
/// observation alone, so it is evaluated once for all draws of an observation.
public struct EmbeddingArchitecture: Sendable, Equatable {
    /// The shape of an observation.
    public var xShape: [Int]
    /// The layers, in the order x passes through them.
    public var layers: [EmbeddingLayer]

    /// Makes an architecture from its parts; `Posterior` checks them.
    public init(xShape: [Int], layers: [EmbeddingLayer]) {
        self.xShape = xShape
        self.layers = layers
    }

    /// T, the most trials an observation may have, when observations are sets of trials: the first
    /// axis of x, of which a request may leave out the end.
    public var trialLimit: Int? {
        guard case .trials = layers.first else { return nil }
        return xShape.first
    }
}

/// One layer of an embedding network.
public indirect enum EmbeddingLayer: Sendable, Equatable {
    /// W x + b of a vector.
    case linear(features: Int)
    /// A function of each entry.
    case activation(Activation)
    /// (x − mean) / √(variance + epsilon) over a vector's entries, scaled and shifted.
    ///
    /// *Reference*: Ba, Kiros, Hinton (2016), Layer Normalization, arXiv:1607.06450.
    case layerNorm(epsilon: Double)
    /// x + f(x), f being these layers.
    ///
    /// *Reference*: He, Zhang, Ren, Sun (2015), Deep Residual Learning for Image Recognition,
    /// arXiv:1512.03385.
    case residual([EmbeddingLayer])
    /// The same entries as an array of channels and sizes.
    case reshape([Int])
    /// The same entries as a vector, the channels first.
    case flatten
    /// A cross-correlation over one or two axes with zeros around, `[channels, size…]`.
    ///
    /// `kernel` has one size for each axis.
    case convolution(channels: Int, kernel: [Int], padding: Int, stride: Int)
    /// The largest of each block of `size` along every axis; what is left over at the ends is
    /// dropped.
    case maxPool(size: Int)
    /// The first layer where an observation is a set of trials, x `[T, F…]`: these layers for each
    /// trial, then their sum or mean over the trials there are, then the number of those.
    ///
    /// A trial is missing when all its entries are NaN; another NaN counts as zero, after
    /// standardisation.
    ///
    /// *Reference*: Zaheer, Kottur, Ravanbakhsh, Póczos, Salakhutdinov, Smola (2017), Deep Sets,
    /// arXiv:1703.06114; sbi 0.27, `PermutationInvariantEmbedding`.
    case trials([EmbeddingLayer], aggregation: TrialAggregation)
}

/// What becomes of the outputs of all trials.
public enum TrialAggregation: String, Sendable, CaseIterable {
    /// Their sum.
    case sum
    /// Their mean over the trials that are there.
    case mean
}
