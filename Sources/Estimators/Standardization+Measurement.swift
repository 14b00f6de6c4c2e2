public import Distributions

extension Standardization {
    /// Measures the rows of a training set, in Double.
    ///
    /// - Parameters:
    ///   - theta: `[N, D]`, in the user's units.
    ///   - x: `[N, L]`; its NaN are left out.
    ///   - rows: The rows to measure.
    ///   - prior: Gives D and the way to unconstrained space.
    ///   - xDim: L.
    ///   - thetaZScore: Which numbers of theta to take.
    ///   - xZScore: Which numbers of x to take.
    ///   - trials: How many trials x is a set of, the trial its first axis: an entry has the same
    ///     numbers in every trial.
    public init(
        theta: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        prior: DistributionDescription,
        xDim: Int,
        thetaZScore: ZScore = .independent,
        xZScore: ZScore = .independent,
        trials: Int = 1
    ) {
        self.init(
            prior: prior,
            xDim: xDim,
            thetaZScore: thetaZScore,
            xZScore: xZScore,
            trials: trials,
            forEachBatch: { body in body(theta, x, rows) }
        )
    }

    /// Measures rows that come in batches, in Double.
    ///
    /// - Parameters:
    ///   - prior: Gives D and the way to unconstrained space.
    ///   - support: Whether theta goes that way.
    ///   - xDim: L.
    ///   - thetaZScore: Which numbers of theta to take.
    ///   - xZScore: Which numbers of x to take.
    ///   - trials: How many trials x is a set of, the trial its first axis: an entry has the same
    ///     numbers in every trial.
    ///   - forEachBatch: Hands over theta, x and the rows of them to measure, batch by batch; it
    ///     is called twice. How the rows are cut into batches does not change the result.
    /// - Throws: What `forEachBatch` throws.
    public init<Failure: Error>(
        prior: DistributionDescription,
        support: PosteriorSupport = .unconstrained,
        xDim: Int,
        thetaZScore: ZScore = .independent,
        xZScore: ZScore = .independent,
        trials: Int = 1,
        forEachBatch: (
            (_ theta: [Float], _ x: [Float], _ rows: ArraySlice<Int>) -> Void
        ) throws(Failure) -> Void
    ) throws(Failure) {
        let supports = support.transforms(of: prior)
        var thetaSums = MomentSums(width: supports.count, thetaZScore)
        let features = xDim / trials
        var xSums = MomentSums(width: features, xZScore)
        func add(_ theta: [Float], _ x: [Float], _ rows: ArraySlice<Int>) {
            for row in rows {
                thetaSums.add { dimension in
                    let value = Double(theta[row * supports.count + dimension])
                    return supports[dimension].toUnconstrained(value)
                }
                for trial in 0..<trials {
                    xSums.add { Double(x[row * xDim + trial * features + $0]) }
                }
            }
        }
        try forEachBatch(add)
        thetaSums.takeMeans()
        xSums.takeMeans()
        try forEachBatch(add)
        let thetaMoments = thetaSums.moments
        let ofTrial = xSums.moments
        let xMoments = (0..<xDim).map { ofTrial[$0 % features] }
        self.init(
            thetaScale: thetaMoments.map { Float(1 / $0.standardDeviation) },
            thetaShift: thetaMoments.map { Float(-$0.mean / $0.standardDeviation) },
            xMean: xMoments.map { Float($0.mean) },
            xStandardDeviation: xMoments.map { Float($0.standardDeviation) }
        )
    }
}

/// Mean and unbiased standard deviation of one feature.
private struct Moments {
    var mean: Double
    var standardDeviation: Double

    /// The moments, with those a variable cannot be divided by replaced.
    init(mean: Double, deviation: Double) {
        self.mean = mean.isFinite ? mean : 0
        // Below the resolution of the data a spread is rounding, not signal.
        let isConstant = !(deviation > abs(mean) * 1e-7) || Float(deviation) < .leastNormalMagnitude
        standardDeviation = isConstant || !deviation.isFinite ? 1 : deviation
    }
}

/// Sums over the rows of a variable, taken in two passes: for the means, then about them.
private struct MomentSums {
    private let zScore: ZScore
    private let width: Int
    /// Numbers of each entry, sums of them, and of their squares about the mean.
    private var counts: [Double]
    private var sums: [Double]
    private var squares: [Double]
    private var means: [Double]?
    /// Sums over the rows of their own moments.
    private var rowCount = 0.0
    private var rowMeans = 0.0
    private var rowDeviations = 0.0

    init(width: Int, _ zScore: ZScore) {
        // One entry alone has no structure.
        self.zScore = zScore == .structured && width == 1 ? .independent : zScore
        self.width = width
        counts = Array(repeating: 0, count: width)
        sums = counts
        squares = counts
    }

    /// Takes in a row; NaN stands for what is missing.
    mutating func add(_ value: (_ entry: Int) -> Double) {
        switch zScore {
        case .independent:
            if let means {
                for entry in 0..<width {
                    let difference = value(entry) - means[entry]
                    if !difference.isNaN { squares[entry] += difference * difference }
                }
            } else {
                for entry in 0..<width {
                    let value = value(entry)
                    if value.isNaN { continue }
                    counts[entry] += 1
                    sums[entry] += value
                }
            }
        case .structured where means == nil:
            var own = MomentSums(width: 1, .independent)
            for entry in 0..<width { own.add { _ in value(entry) } }
            own.takeMeans()
            for entry in 0..<width { own.add { _ in value(entry) } }
            guard own.counts[0] > 0 else { return }
            rowCount += 1
            rowMeans += own.mean(0)
            rowDeviations += own.deviation(0)
        case .structured, .none: break
        }
    }

    /// Ends the first pass.
    mutating func takeMeans() { means = (0..<width).map { mean($0) } }

    private func mean(_ entry: Int) -> Double { sums[entry] / max(counts[entry], 1) }

    private func deviation(_ entry: Int) -> Double {
        (squares[entry] / max(counts[entry] - 1, 1)).squareRoot()
    }

    /// What each entry of the variable is standardised with, `[width]`.
    var moments: [Moments] {
        switch zScore {
        case .structured:
            // sbi 0.27, `z_standardization(structured_dims=True)`.
            let count = max(rowCount, 1)
            let moments = Moments(mean: rowMeans / count, deviation: rowDeviations / count)
            return Array(repeating: moments, count: width)
        case .independent:
            return (0..<width).map { Moments(mean: mean($0), deviation: deviation($0)) }
        case .none:
            return Array(repeating: Moments(mean: 0, deviation: 1), count: width)
        }
    }
}
