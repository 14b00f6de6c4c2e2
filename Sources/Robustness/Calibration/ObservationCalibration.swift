public import Estimators

/// What is usual among observations simulated like the training set, held out from it: their Fisher
/// traces, and how far out they lie.
public struct ObservationCalibration: Sendable, Equatable {
    /// How far out an observation lies, fitted to training observations.
    public let distance: ObservationDistance
    /// d² of the held-out observations, ascending.
    public let distances: [Float]
    /// tr I of the held-out observations, ascending.
    public let fisherTraces: [Float]
    /// Draws that each trace was estimated from.
    public let fisherDraws: Int

    /// Draws where nothing else is said.
    private static let defaultDraws = 256

    /// Joins the parts, both lists ascending.
    public init(
        distance: ObservationDistance,
        distances: [Float],
        fisherTraces: [Float],
        fisherDraws: Int
    ) {
        self.distance = distance
        self.distances = distances
        self.fisherTraces = fisherTraces
        self.fisherDraws = fisherDraws
    }

    /// Measures what is usual for a posterior.
    ///
    /// - Parameters:
    ///   - posterior: Whose sensitivity to measure.
    ///   - training: Observations the distance is fitted to, `[N, L]`; NaN is missing.
    ///   - heldOut: Observations that nothing was fitted to, `[M, L]`.
    ///   - workers: How many threads may take part; the result does not depend on it.
    ///
    /// It is nil where there are fewer than two of either, or where no trace is finite.
    public init?(
        of posterior: Posterior,
        training: [Float],
        heldOut: [Float],
        workers: Int = 1
    ) {
        let xDim = posterior.xDim
        guard training.count >= 2 * xDim, heldOut.count >= 2 * xDim else { return nil }
        let distance = ObservationDistance(
            fitting: posterior.standardized(training),
            trialWidth: Self.trialWidth(of: posterior)
        )
        var estimator = FisherEstimator(posterior)
        estimator.draws = Self.defaultDraws
        estimator.workers = workers
        let traces = estimator.estimates(at: heldOut)
            .map { Float($0.trace.mean) }.filter(\.isFinite)
        let standardized = posterior.standardized(heldOut)
        let distances = stride(from: 0, to: standardized.count, by: xDim)
            .map { distance.squared(standardized[$0..<($0 + xDim)]) }.filter(\.isFinite)
        guard !traces.isEmpty, !distances.isEmpty else { return nil }
        self.init(
            distance: distance,
            distances: distances.sorted(),
            fisherTraces: traces.map { max($0, 0) }.sorted(),
            fisherDraws: Self.defaultDraws
        )
    }

    /// W, the entries of a trial of an observation that is a set of trials, or of all of it.
    static func trialWidth(of posterior: Posterior) -> Int {
        posterior.xDim / (posterior.trialLimit ?? 1)
    }

    /// The percentage of held-out observations with a smaller Fisher trace, 0 to 100; NaN for NaN.
    public func percentile(ofTrace trace: Double) -> Double {
        guard !trace.isNaN else { return .nan }
        let smaller = fisherTraces.count { Double($0) < trace }
        return 100 * Double(smaller) / Double(fisherTraces.count)
    }

    /// The chance that a simulated observation lies at least as far out as x `[L]`.
    ///
    ///     (1 + #{i : d²ᵢ ≥ d²}) / (M + 1)
    ///
    /// It is the p-value of a test, uniform for observations like the held-out ones, and never
    /// below 1 / (M + 1).
    ///
    /// *Reference*: Davison, Hinkley (1997), Bootstrap Methods and their Application, eq. 4.11.
    public func typicality(of x: [Float], under posterior: Posterior) -> Double {
        let own = distance.squared(posterior.standardized(x))
        guard !own.isNaN else { return .nan }
        let farther = distances.count { !($0 < own) }
        return Double(1 + farther) / Double(1 + distances.count)
    }
}
