/// The numbers of one step of Adam or AdamW that are the same for all weights.
public struct AdamRates: Sendable {
    /// What the gradient is multiplied by first, as clipping does.
    public var gradientScale: Float
    /// 1 − β₁.
    public var firstRate: Float
    /// 1 − β₂.
    public var secondRate: Float
    /// What the weights are multiplied by first: 1 less the learning rate times their decay.
    public var retention: Float
    /// The learning rate over 1 − β₁ᵗ.
    public var step: Float
    /// 1 / (1 − β₂ᵗ).
    public var secondCorrection: Float
    /// Added to the root of the second moment.
    public var epsilon: Float
    /// 1 − d of the running average.
    public var averageRate: Float

    /// Makes the rates of one step.
    public init(
        gradientScale: Float,
        firstRate: Float,
        secondRate: Float,
        retention: Float,
        step: Float,
        secondCorrection: Float,
        epsilon: Float,
        averageRate: Float
    ) {
        self.gradientScale = gradientScale
        self.firstRate = firstRate
        self.secondRate = secondRate
        self.retention = retention
        self.step = step
        self.secondCorrection = secondCorrection
        self.epsilon = epsilon
        self.averageRate = averageRate
    }
}

/// One step of Adam and of the running average of the weights, eight weights at a time.
///
/// *Reference*: Kingma, Ba (2015), Adam: A Method for Stochastic Optimization, arXiv:1412.6980,
/// algorithm 1; for the decay, Loshchilov, Hutter (2019), Decoupled Weight Decay Regularization,
/// arXiv:1711.05101, algorithm 2.
///
/// - Parameters:
///   - parameters: The weights.
///   - average: Their running average.
///   - firstMoment: The running mean of the gradient.
///   - secondMoment: The running mean of its square.
///   - gradient: The slopes; all five arrays are equally long.
///   - rates: What is the same for all weights.
///   - workers: How many threads may take part; the result does not depend on it.
public func updateAdam(
    parameters: inout [Float],
    average: inout [Float],
    firstMoment: inout [Float],
    secondMoment: inout [Float],
    gradient: [Float],
    rates: AdamRates,
    workers: Int
) {
    let count = gradient.count
    precondition(
        parameters.count == count && average.count == count && firstMoment.count == count
            && secondMoment.count == count,
        "\(count) slopes for \(parameters.count) weights"
    )
    unsafe parameters.withUnsafeMutableBytes { parameters in
        unsafe average.withUnsafeMutableBytes { average in
            unsafe firstMoment.withUnsafeMutableBytes { first in
                unsafe secondMoment.withUnsafeMutableBytes { second in
                    nonisolated(unsafe) let parameters = unsafe parameters
                    nonisolated(unsafe) let average = unsafe average
                    nonisolated(unsafe) let first = unsafe first
                    nonisolated(unsafe) let second = unsafe second
                    ParallelTiles.run(vectors: count / 8, workers: workers) { range in
                        unsafe gradient.withUnsafeBytes { gradient in
                            for index in range {
                                let place = 32 &* index
                                var state = unsafe AdamLanes(
                                    weight: load(UnsafeRawBufferPointer(parameters), place),
                                    average: load(UnsafeRawBufferPointer(average), place),
                                    first: load(UnsafeRawBufferPointer(first), place),
                                    second: load(UnsafeRawBufferPointer(second), place)
                                )
                                unsafe state.step(load(gradient, place), rates)
                                unsafe store(state.weight, parameters, place)
                                unsafe store(state.average, average, place)
                                unsafe store(state.first, first, place)
                                unsafe store(state.second, second, place)
                            }
                        }
                    }
                }
            }
        }
    }
    for index in (count / 8 * 8)..<count {
        var state = AdamLanes(
            weight: SIMD8(repeating: parameters[index]),
            average: SIMD8(repeating: average[index]),
            first: SIMD8(repeating: firstMoment[index]),
            second: SIMD8(repeating: secondMoment[index])
        )
        state.step(SIMD8(repeating: gradient[index]), rates)
        parameters[index] = state.weight[0]
        average[index] = state.average[0]
        firstMoment[index] = state.first[0]
        secondMoment[index] = state.second[0]
    }
}

@inline(always)
private func load(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> SIMD8<Float> {
    unsafe bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self)
}

@inline(always)
private func store(_ value: SIMD8<Float>, _ bytes: UnsafeMutableRawBufferPointer, _ place: Int) {
    unsafe bytes.storeBytes(of: value, toByteOffset: place, as: SIMD8<Float>.self)
}

/// The state of eight weights.
private struct AdamLanes {
    var weight: SIMD8<Float>
    var average: SIMD8<Float>
    var first: SIMD8<Float>
    var second: SIMD8<Float>

    @inline(always)
    mutating func step(_ gradient: SIMD8<Float>, _ rates: AdamRates) {
        let slope = gradient * rates.gradientScale
        first += rates.firstRate * (slope - first)
        second += rates.secondRate * (slope * slope - second)
        let denominator = root(second * rates.secondCorrection) + rates.epsilon
        weight = weight * rates.retention - rates.step * first / denominator
        average += rates.averageRate * (weight - average)
    }
}

/// The square root of numbers that are not negative, within 2.4e-7 of themselves.
///
/// Newton's method on the reciprocal root, from a guess that halves the exponent. The standard
/// library's `squareRoot()` of a vector is one call a lane, since it may set `errno`.
@inline(always)
private func root(_ value: SIMD8<Float>) -> SIMD8<Float> {
    let half = value * 0.5
    let bits = unsafe unsafeBitCast(value, to: SIMD8<UInt32>.self)
    let guess = SIMD8<UInt32>(repeating: 0x5f37_5a86) &- (bits &>> SIMD8(repeating: 1))
    var reciprocal = unsafe unsafeBitCast(guess, to: SIMD8<Float>.self)
    for _ in 0..<3 {
        reciprocal *= SIMD8(repeating: 1.5) - half * reciprocal * reciprocal
    }
    return value * reciprocal
}
