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
    /// A name for each entry of x, `[L]`.
    public let xNames: [String]
    /// The exact posterior, where there is one.
    public let reference: (any ReferencePosterior)?
    /// Published observations to compare posteriors on, each `[L]`; empty if there are none.
    public let referenceObservations: [[Float]]

    /// Makes a task; theta and x are named `theta_1` … and `x_1` ….
    public init(
        name: String,
        summary: String,
        prior: DistributionDescription,
        simulator: any Simulator,
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
        thetaNames = (1...simulator.thetaDim).map { "theta_\($0)" }
        xNames = (1...simulator.xDim).map { "x_\($0)" }
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
            for row in chunk {
                var stream = RandomStream(seed: seed, stream: UInt64(row))
                var draw = prior.sample(using: &stream)
                for index in draw.indices {
                    let stored = transforms[index].roundedInside(draw[index])
                    theta.append(stored)
                    draw[index] = Double(stored)
                }
                for value in simulator.simulate(draw, using: &stream) {
                    x.append(Float(value))
                }
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
