public import Distributions
public import Simulators

/// The pairs an estimator is trained on: theta inside the prior's support, and finite x, but for
/// the trials that are missing where x is a set of them.
public struct SimulationSet: Sendable {
    /// The distribution theta was drawn from.
    public let prior: DistributionDescription
    /// The parameters, `[N, D]`, row-major, in the user's units.
    public let theta: [Float]
    /// The simulator's outputs, `[N, L]`, row-major, in the user's units.
    public let x: [Float]
    /// D, the number of parameters.
    public let thetaDim: Int
    /// L, the number of entries of x.
    public let xDim: Int
    /// Rows left out: x had a NaN or an infinity, or theta lay outside the prior.
    public let refusedCount: Int

    /// Keeps the usable rows of a table of simulations, in order.
    ///
    /// A theta on a bound of the prior's box is moved to the next number inside.
    ///
    /// - Parameters:
    ///   - simulations: The table.
    ///   - prior: The distribution theta was drawn from.
    ///   - trials: How many trials x is a set of, the trial its first axis; where there are
    ///     several, some but not all of a row's may be missing, all their entries NaN.
    /// - Throws: `TrainingError` when the prior does not fit or fewer than two rows are usable.
    public init(
        _ simulations: Simulations,
        prior: DistributionDescription,
        trials: Int = 1
    ) throws(TrainingError) {
        let distribution: any Distribution
        do {
            distribution = try prior.makeDistribution()
        } catch {
            throw .invalidPrior(error)
        }
        let thetaDim = simulations.thetaDim
        let xDim = simulations.xDim
        guard distribution.dimension == thetaDim else {
            throw .priorDimension(expected: thetaDim, found: distribution.dimension)
        }
        let transforms = distribution.supportTransforms
        var theta: [Float] = []
        var x: [Float] = []
        theta.reserveCapacity(simulations.theta.count)
        x.reserveCapacity(simulations.x.count)
        var refused = 0
        for row in 0..<simulations.count {
            let draw = simulations.theta[row * thetaDim..<(row + 1) * thetaDim]
            let output = simulations.x[row * xDim..<(row + 1) * xDim]
            guard Self.isUsable(output, trials: trials),
                distribution.contains(draw.map(Double.init))
            else {
                refused += 1
                continue
            }
            for (transform, value) in zip(transforms, draw) {
                theta.append(transform.roundedInside(Double(value)))
            }
            x += output
        }
        guard theta.count >= 2 * thetaDim else {
            throw .tooFewRows(usable: theta.count / thetaDim, refused: refused)
        }
        self.prior = prior
        self.theta = theta
        self.x = x
        self.thetaDim = thetaDim
        self.xDim = xDim
        refusedCount = refused
    }

    /// Whether an x is finite, trials that are missing aside, and has one that is not.
    private static func isUsable(_ x: ArraySlice<Float>, trials: Int) -> Bool {
        guard trials > 1 else { return x.allSatisfy { $0.isFinite } }
        let features = x.count / trials
        var hasTrial = false
        for start in stride(from: x.startIndex, to: x.endIndex, by: features) {
            let trial = x[start..<(start + features)]
            if trial.allSatisfy(\.isNaN) { continue }
            guard trial.allSatisfy(\.isFinite) else { return false }
            hasTrial = true
        }
        return hasTrial
    }

    /// N, the number of usable rows.
    public var count: Int { theta.count / thetaDim }

    /// s, the unit of perturbations of x: the mean over the rows of the standard deviation across
    /// the entries of one x, with L − 1 in the denominator.
    ///
    /// With a single entry, L = 1, it is the standard deviation of that entry over the rows.
    ///
    /// *Reference*: Glöckler, Deistler, Macke (2023), arXiv:2305.14984.
    public var dataScale: Double {
        guard xDim > 1 else { return Self.standardDeviation(x[...]) }
        let sum = (0..<count).reduce(0.0) { sum, row in
            let own = x[row * xDim..<(row + 1) * xDim].filter { !$0.isNaN }
            return sum + (own.count > 1 ? Self.standardDeviation(own[...]) : 0)
        }
        return sum / Double(count)
    }

    /// A number that changes with any bit of any row: FNV-1a over the float32 patterns.
    public var digest: UInt64 {
        var digest = FowlerNollVo()
        for value in theta { digest.combine(value.bitPattern) }
        for value in x { digest.combine(value.bitPattern) }
        return digest.value
    }

    /// The standard deviation with n − 1 in the denominator.
    private static func standardDeviation(_ values: ArraySlice<Float>) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let squares = values.reduce(0.0) { sum, value in
            sum + (Double(value) - mean) * (Double(value) - mean)
        }
        return (squares / (count - 1)).squareRoot()
    }
}
