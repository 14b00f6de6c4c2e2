import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The optimisers Adam and AdamW, with the running average of their weights.
///
///     m ← β₁ m + (1 − β₁) g            v ← β₂ v + (1 − β₂) g²
///     φ ← φ − α λ φ − α (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + 1e-8)
///     φ̄ ← φ̄ + (1 − d) (φ − φ̄)
///
/// *Reference*: Kingma, Ba (2015), Adam: A Method for Stochastic Optimization, arXiv:1412.6980;
/// for the decoupled decay λ, Loshchilov, Hutter (2019), Decoupled Weight Decay Regularization,
/// arXiv:1711.05101, with PyTorch's convention that λ is multiplied by the learning rate of the
/// step; for the average, Polyak, Juditsky (1992), doi:10.1137/0330046.
package struct Adam: Sendable, Equatable {
    /// β₁, the decay of the first moment.
    package static let firstDecay = 0.9
    /// β₂, the decay of the second moment.
    package static let secondDecay = 0.999
    /// Added to the root of the second moment.
    package static let epsilon: Float = 1e-8

    /// φ, the weights.
    package private(set) var parameters: [Float]
    /// φ̄, the running average of the weights.
    package private(set) var average: [Float]
    /// m, the running mean of the gradient.
    package private(set) var firstMoment: [Float]
    /// v, the running mean of the squared gradient.
    package private(set) var secondMoment: [Float]
    /// t, the number of steps taken.
    package private(set) var step: Int

    /// Starts from initial weights.
    package init(parameters: [Float]) {
        self.parameters = parameters
        average = parameters
        firstMoment = Array(repeating: 0, count: parameters.count)
        secondMoment = firstMoment
        step = 0
    }

    /// Goes on from a checkpoint; the arrays are equally long.
    package init(
        parameters: [Float],
        average: [Float],
        firstMoment: [Float],
        secondMoment: [Float],
        step: Int
    ) {
        self.parameters = parameters
        self.average = average
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.step = step
    }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - gradient: g, as long as the weights.
    ///   - scale: What to multiply the gradient by first, as clipping does.
    ///   - learningRate: α.
    ///   - weightDecay: λ; 0 is Adam, a positive number AdamW.
    ///   - averageDecay: d of the running average; 0 makes it the weights themselves.
    ///   - workers: How many threads may take part; the result does not depend on it.
    package mutating func update(
        gradient: [Float],
        scale: Double = 1,
        learningRate: Double,
        weightDecay: Double = 0,
        averageDecay: Double,
        workers: Int = 1
    ) {
        precondition(
            gradient.count == parameters.count,
            "\(gradient.count) slopes for \(parameters.count) weights"
        )
        step += 1
        let rates = AdamRates(
            gradientScale: Float(scale),
            firstRate: Float(1 - Self.firstDecay),
            secondRate: Float(1 - Self.secondDecay),
            retention: Float(1 - learningRate * weightDecay),
            step: Float(learningRate / (1 - pow(Self.firstDecay, Double(step)))),
            secondCorrection: Float(1 / (1 - pow(Self.secondDecay, Double(step)))),
            epsilon: Self.epsilon,
            averageRate: Float(1 - averageDecay)
        )
        updateAdam(
            parameters: &parameters,
            average: &average,
            firstMoment: &firstMoment,
            secondMoment: &secondMoment,
            gradient: gradient,
            rates: rates,
            workers: workers
        )
    }
}

/// The Euclidean norm of a gradient, accumulated in Double.
///
/// Eight partial sums, added in a fixed order, so that the loop is vectorised.
package func norm(_ gradient: [Float]) -> Double {
    let span = gradient.span
    var sums = SIMD8<Double>.zero
    let whole = span.count & ~7
    var index = 0
    while index < whole {
        let values = SIMD8<Float>(
            span[index],
            span[index &+ 1],
            span[index &+ 2],
            span[index &+ 3],
            span[index &+ 4],
            span[index &+ 5],
            span[index &+ 6],
            span[index &+ 7]
        )
        let wide = SIMD8<Double>(values)
        sums += wide * wide
        index &+= 8
    }
    var sum = sums.sum()
    while index < span.count {
        sum += Double(span[index]) * Double(span[index])
        index &+= 1
    }
    return sum.squareRoot()
}
