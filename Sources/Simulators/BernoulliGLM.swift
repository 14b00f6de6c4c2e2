import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A neuron that fires with a probability given by an offset and a filter of a fixed stimulus I.
///
///     yₜ ~ Bernoulli(σ(θ₁ + Σₖ θ₂₊ₖ Iₜ₋ₖ)),  k = 0 … 8,  t = 0 … 99
///     x = y, or its sufficient statistics (Σₜ yₜ, Σₜ yₜ₊ₖ Iₜ for k = 0 … 8)
///
/// *Reference*: Lueckmann, Goncalves et al. (2017), Flexible statistical inference for mechanistic
/// models of neural dynamics, arXiv:1711.01861; as in sbibm 1.1.0, whose stimulus is numpy's
/// `RandomState(42).randn(100)`.
public struct BernoulliGLM: Simulator {
    /// Number of time steps.
    static let duration = 100
    /// Number of weights of the filter.
    static let filterLength = 9
    /// I, white noise, `[T]`, in single precision.
    package static let stimulus: [Double] = {
        var generator = MersenneTwister(seed: 42)
        return generator.normals(duration).map { Double(Float($0)) }
    }()

    /// Whether x is the spike train itself rather than its statistics.
    public let isRaw: Bool

    /// Makes the simulator.
    public init(isRaw: Bool) {
        self.isRaw = isRaw
    }

    /// D = 10: an offset and nine weights of the filter.
    public var thetaDim: Int { 1 + Self.filterLength }
    /// L = 10, or 100 of a raw spike train.
    public var xDim: Int { isRaw ? Self.duration : 1 + Self.filterLength }

    /// Draws x given theta: one uniform number a time step.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        let spikes = (0..<Self.duration).map { time in
            var potential = theta[0]
            for lag in 0..<min(Self.filterLength, time + 1) {
                potential += theta[1 + lag] * Self.stimulus[time - lag]
            }
            return stream.uniform() < 1 / (1 + exp(-potential)) ? 1.0 : 0.0
        }
        return isRaw ? spikes : Self.statistics(of: spikes)
    }

    /// The number of spikes and the sum of the stimulus before them at each lag, `[10]`.
    package static func statistics(of spikes: [Double]) -> [Double] {
        [spikes.reduce(0, +)]
            + (0..<filterLength).map { lag in
                (0..<duration - lag).reduce(0) { $0 + stimulus[$1] * spikes[$1 + lag] }
            }
    }

    /// The prior: N(0, 2) for the offset and a smooth filter of covariance (FᵀF)⁻¹.
    ///
    ///     F = D² + diag √(i/9),  i = 0 … 8,  D the identity less its first subdiagonal
    static let prior: DistributionDescription = {
        let count = filterLength
        // F is lower triangular with the bands 1, −2, 1; its inverse G by forward substitution.
        var inverse = [Double](repeating: 0, count: count * count)
        for column in 0..<count {
            for row in column..<count {
                var sum = row == column ? 1.0 : 0
                if row >= 1 { sum += 2 * inverse[(row - 1) * count + column] }
                if row >= 2 { sum -= inverse[(row - 2) * count + column] }
                let diagonal = 1 + (Double(row) / Double(count)).squareRoot()
                inverse[row * count + column] = sum / diagonal
            }
        }
        // (FᵀF)⁻¹ = G Gᵀ.
        let dimension = count + 1
        var covariance = [Double](repeating: 0, count: dimension * dimension)
        covariance[0] = 2
        for row in 0..<count {
            for column in 0..<count {
                covariance[(row + 1) * dimension + column + 1] =
                    (0..<count).reduce(0) {
                        $0 + inverse[row * count + $1] * inverse[column * count + $1]
                    }
            }
        }
        return .multivariateNormal(
            mean: Array(repeating: 0, count: dimension),
            covariance: covariance
        )
    }()
}

extension BenchmarkTask {
    /// `bernoulli_glm`: a neuron's filter from sufficient statistics of its spikes.
    public static let bernoulliGLM = BenchmarkTask(
        name: "bernoulli_glm",
        summary: "10 weights of a neuron's filter, from statistics of its spikes (sbibm)",
        prior: BernoulliGLM.prior,
        simulator: BernoulliGLM(isRaw: false),
        referenceObservations: ReferenceObservations.bernoulliGLM
    )

    /// `bernoulli_glm_raw`: the same from the spike train itself.
    public static let bernoulliGLMRaw = BenchmarkTask(
        name: "bernoulli_glm_raw",
        summary: "10 weights of a neuron's filter, from its spike train (sbibm)",
        prior: BernoulliGLM.prior,
        simulator: BernoulliGLM(isRaw: true),
        referenceObservations: ReferenceObservations.bernoulliGLMRaw
    )
}
