import Foundation

/// The squared maximum mean discrepancy of two samples, by the estimator that is linear in their
/// size, with the kernel k(a, b) = exp(−‖a − b‖² / (2 · 10)).
///
///     mean over consecutive pairs of k(aᵢ, aᵢ₊₁) + k(bᵢ, bᵢ₊₁) − k(aᵢ, bᵢ₊₁) − k(aᵢ₊₁, bᵢ)
///
/// It is unbiased and can be negative.
///
/// *Reference*: Gretton, Borgwardt, Rasch, Schölkopf, Smola (2012), A Kernel Two-Sample Test,
/// Journal of Machine Learning Research 13, lemma 14.
public enum MaximumMeanDiscrepancy {
    /// The squared length scale of the kernel.
    static let squaredLength = 10.0

    /// The estimate and its standard error over pairs.
    ///
    /// - Parameters:
    ///   - first: `[S, D]`, row-major.
    ///   - second: `[S, D]`, row-major.
    ///   - dimension: D.
    /// - Returns: The estimate over S / 2 disjoint pairs; its error is 0 for a single pair.
    public static func squared(
        _ first: [Float],
        _ second: [Float],
        dimension: Int
    ) -> MonteCarloEstimate {
        let terms = pairTerms(first, second, dimension: dimension).map(\.value)
        guard terms.count > 1 else {
            return MonteCarloEstimate(mean: terms.first ?? 0, standardError: 0)
        }
        return MonteCarloEstimate(terms)
    }

    /// One pair's contribution and its gradient by the two draws of the first sample, `[2, D]`.
    struct PairTerm {
        var value: Double
        var gradient: [Double]
    }

    /// The contributions of disjoint pairs.
    static func pairTerms(_ first: [Float], _ second: [Float], dimension: Int) -> [PairTerm] {
        precondition(
            first.count == second.count && first.count % (2 * dimension) == 0,
            "\(first.count) and \(second.count) numbers in pairs of \(dimension)"
        )
        return stride(from: 0, to: first.count, by: 2 * dimension).map { start in
            func row(_ sample: [Float], _ index: Int) -> [Double] {
                let from = start + index * dimension
                return sample[from..<(from + dimension)].map(Double.init)
            }
            let (a, c) = (row(first, 0), row(first, 1))
            let (b, d) = (row(second, 0), row(second, 1))
            var gradient = [Double](repeating: 0, count: 2 * dimension)
            /// Adds sign · k(p, q), where p is the draw at `place` of the first sample.
            func kernel(_ p: [Double], _ q: [Double], _ sign: Double, at place: Int?) -> Double {
                let squares = zip(p, q).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                let value = sign * exp(-squares / (2 * squaredLength))
                if let place {
                    for index in 0..<dimension {
                        gradient[place * dimension + index] -=
                            value * (p[index] - q[index]) / squaredLength
                    }
                }
                return value
            }
            var value = kernel(a, c, 1, at: 0)
            // By symmetry, the other end of the pair within the first sample.
            _ = kernel(c, a, 1, at: 1)
            value += kernel(b, d, 1, at: nil)
            value += kernel(a, d, -1, at: 0)
            value += kernel(c, b, -1, at: 1)
            return PairTerm(value: value, gradient: gradient)
        }
    }
}
