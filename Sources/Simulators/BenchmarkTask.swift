public import Distributions
import Kernels

/// A problem of simulation-based inference: prior, simulator, observations, and a referee.
public struct BenchmarkTask: Sendable {
    /// The name on the command line and in model files.
    public let name: String
    /// What the task is, in one line.
    public let summary: String
    /// The distribution theta is drawn from.
    public let prior: DistributionDescription
    /// What turns theta into x.
    public let simulator: any Simulator
    /// A name for each parameter, `[D]`.
    public let thetaNames: [String]
    /// The unit of each parameter, `[D]`, if they have any.
    public let thetaUnits: [String]?
    /// The extent of each axis of x; their product is L.
    public let xShape: [Int]
    /// A name for each entry of x, `[L]`; none where x is an image.
    public let xNames: [String]?
    /// The unit of each entry of x, `[L]`, if they have any.
    public let xUnits: [String]?
    /// The widths of the layers of the network that the reference puts between x and the
    /// estimator, ReLU between them and the last one linear; empty for none.
    public let embeddingWidths: [Int]
    /// The exact posterior, where there is one.
    public let reference: (any ReferencePosterior)?
    /// Published observations to compare posteriors on, each `[L]`; empty if there are none.
    public let referenceObservations: [[Float]]

    /// Makes a task; unless named, theta and x are `theta_1` … and `x_1` ….
    public init(
        name: String,
        summary: String,
        prior: DistributionDescription,
        simulator: any Simulator,
        thetaNames: [String]? = nil,
        thetaUnits: [String]? = nil,
        xShape: [Int]? = nil,
        xNames: [String]? = nil,
        xUnits: [String]? = nil,
        embeddingWidths: [Int] = [],
        reference: (any ReferencePosterior)? = nil,
        referenceObservations: [[Float]] = []
    ) {
        precondition(
            prior.dimension == simulator.thetaDim,
            "a prior of \(prior.dimension) dimensions for a simulator of \(simulator.thetaDim)"
        )
        self.name = name
        self.summary = summary
        self.prior = prior
        self.simulator = simulator
        self.thetaNames = thetaNames ?? (1...simulator.thetaDim).map { "theta_\($0)" }
        self.thetaUnits = thetaUnits
        self.xShape = xShape ?? [simulator.xDim]
        self.xNames =
            xNames ?? (xShape == nil ? (1...simulator.xDim).map { "x_\($0)" } : nil)
        self.xUnits = xUnits
        self.embeddingWidths = embeddingWidths
        self.reference = reference
        self.referenceObservations = referenceObservations
    }

    /// D, the number of parameters.
    public var thetaDim: Int { simulator.thetaDim }
    /// L, the number of entries of x.
    public var xDim: Int { simulator.xDim }

    /// Draws rows of theta and x.
    ///
    /// Row i is a function of the seed and i alone. The simulator sees theta as it is stored, in
    /// single precision and strictly inside the prior's support.
    ///
    /// - Parameters:
    ///   - rows: The indices of the rows to draw.
    ///   - seed: The seed of the whole set.
    ///   - workers: How many threads may take part; the result does not depend on it.
    /// - Returns: The rows, in the order of their indices.
    /// - Throws: `DistributionError` when the prior is none.
    public func simulate(
        rows: Range<Int>,
        seed: UInt64,
        workers: Int = 1
    ) throws(DistributionError) -> Simulations {
        let prior = try prior.makeDistribution()
        let transforms = prior.supportTransforms
        let chunks = concurrentChunks(of: rows, size: 2048, workers: workers) { chunk in
            var theta: [Float] = []
            var x: [Float] = []
            theta.reserveCapacity(chunk.count * thetaDim)
            x.reserveCapacity(chunk.count * xDim)
            var streams = chunk.map { RandomStream(seed: seed, stream: UInt64($0)) }
            var draws: [[Double]] = []
            for index in streams.indices {
                let draw = prior.sample(using: &streams[index])
                let stored = zip(transforms, draw).map { $0.roundedInside($1) }
                theta += stored
                draws.append(stored.map(Double.init))
            }
            for output in simulator.simulate(draws, using: &streams) {
                for value in output { x.append(Float(value)) }
            }
            return Simulations(theta: theta, x: x, thetaDim: thetaDim, xDim: xDim)
        }
        return Simulations(
            theta: chunks.flatMap(\.theta),
            x: chunks.flatMap(\.x),
            thetaDim: thetaDim,
            xDim: xDim
        )
    }

    /// An observation to try a posterior on, `[L]`: the first published one, or a simulation.
    ///
    /// - Throws: `DistributionError` when the prior is none.
    public func exampleObservation() throws(DistributionError) -> [Float] {
        if let published = referenceObservations.first { return published }
        return try simulate(rows: 0..<1, seed: 1_000_001).x
    }

    /// −log p(theta | x) of each row under the exact posterior, or nil where there is none.
    ///
    /// - Throws: `DistributionError` when a row of x is not finite.
    public func referenceLosses(
        of simulations: Simulations,
        workers: Int = 1
    ) throws(DistributionError) -> [Double]? {
        guard let reference else { return nil }
        let rows = 0..<simulations.count
        let chunks = concurrentChunks(of: rows, size: 64, workers: workers) { chunk in
            Result { () throws(DistributionError) in
                var losses: [Double] = []
                for row in chunk {
                    let theta = simulations.theta[row * thetaDim..<(row + 1) * thetaDim]
                    let x = simulations.x[row * xDim..<(row + 1) * xDim]
                    let posterior = try reference.posterior(given: x.map(Double.init))
                    losses.append(-posterior.logDensity(of: theta.map(Double.init)))
                }
                return losses
            }
        }
        var losses: [Double] = []
        for chunk in chunks {
            losses += try chunk.get()
        }
        return losses
    }
}
