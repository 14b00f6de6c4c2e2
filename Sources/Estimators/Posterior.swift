import Autodiff
public import Distributions
import Kernels

/// An amortized posterior q(theta | x): immutable, and safe to share between threads.
///
/// The axes are `B` observations, `S` samples of each, `D` dimensions of theta, `L` of x.
public struct Posterior: Sendable {
    /// The structure of the estimator.
    public let architecture: EstimatorArchitecture
    /// The structure of the network between x and the estimator, if there is one.
    public let embedding: EmbeddingArchitecture?
    /// The prior the estimator was trained under; theta lives in its support.
    public let prior: DistributionDescription
    /// How the posterior keeps to the prior's support.
    public let support: PosteriorSupport
    let density: ConditionalDensity
    let parameters: [Float]
    private let logProbEvaluator: LaneEvaluator
    private let sampleEvaluator: LaneEvaluator
    private let sampleWithLogProbEvaluator: LaneEvaluator
    let ascentEvaluator: DeferredEvaluator

    /// D, the number of parameters.
    public var thetaDim: Int { density.thetaDim }
    /// L, the number of entries of one flattened observation.
    public var xDim: Int { density.xDim }
    /// C, the scalars that the estimators of all members together see of an observation.
    package var contextDim: Int { density.contextDim }
    /// T, when an observation is a set of up to T trials; a missing one is NaN.
    public var trialLimit: Int? {
        let members = (try? architecture.members(embedding: embedding)) ?? []
        return members.lazy.compactMap { $0.embedding?.trialLimit }.first
    }

    /// The form of the standardisation of theta; that of an ensemble is its members'.
    package var thetaStandardization: ThetaStandardization.Kind {
        if case .ensemble = architecture { return .affine }
        return density.members[0].standardization.theta.kind
    }

    /// Checks every part against the others and prepares the estimator.
    ///
    /// - Parameters:
    ///   - architecture: The structure of the estimator.
    ///   - embedding: The network between x and the estimator; none for an ensemble.
    ///   - prior: The prior it was trained under.
    ///   - support: Whether theta went through the prior's bijection.
    ///   - thetaStandardization: Which tensors standardise theta; an ensemble's members say it
    ///     themselves.
    ///   - thetaDim: D.
    ///   - xDim: L.
    ///   - tensors: Every array of the model file, by name.
    /// - Throws: `EstimatorError` naming the part that does not fit.
    public init(
        architecture: EstimatorArchitecture,
        embedding: EmbeddingArchitecture? = nil,
        prior: DistributionDescription,
        support: PosteriorSupport = .unconstrained,
        thetaStandardization: ThetaStandardization.Kind = .affine,
        thetaDim: Int,
        xDim: Int,
        tensors: [String: Tensor]
    ) throws(EstimatorError) {
        guard prior.supportTransforms.count == thetaDim else {
            throw .invalidArchitecture(
                "the prior has \(prior.supportTransforms.count) dimensions, theta has \(thetaDim)"
            )
        }
        try EstimatorArchitecture.validate(thetaDim: thetaDim, xDim: xDim)
        var standardizations: [Standardization] = []
        let members = try architecture.members(
            embedding: embedding,
            thetaStandardization: thetaStandardization
        )
        for (index, member) in members.enumerated() {
            let prefix = architecture.tensorPrefix(ofMember: index)
            do throws(EstimatorError) {
                standardizations.append(
                    try Standardization(
                        tensors: tensors.below(prefix),
                        thetaKind: member.thetaStandardization,
                        thetaDim: thetaDim,
                        xDim: xDim
                    )
                )
            } catch {
                throw error.below(prefix)
            }
        }
        let density = try ConditionalDensity(
            architecture: architecture,
            embedding: embedding,
            prior: prior,
            support: support,
            standardizations: standardizations
        )
        let parameters = try density.parameters(from: tensors)
        try self.init(architecture, embedding, prior, support, density, parameters: parameters)
        let known = self.tensors.keys
        if let name = tensors.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unexpectedTensor(name: name)
        }
    }

    /// Makes the equal-weight mixture of posteriors, each with its own weights, embedding network
    /// and standardisation.
    ///
    /// - Throws: `EstimatorError` when there are none, or when their priors or observations differ.
    public init(ensemble posteriors: [Posterior]) throws(EstimatorError) {
        guard let first = posteriors.first else {
            throw .invalidArchitecture("an ensemble of nothing")
        }
        var members: [EnsembleMember] = []
        var tensors: [String: Tensor] = [:]
        for posterior in posteriors {
            guard posterior.prior == first.prior, posterior.support == first.support else {
                throw .invalidArchitecture("the members have different priors")
            }
            guard posterior.xDim == first.xDim else {
                throw .invalidArchitecture("the members' observations have different sizes")
            }
            // The members of an ensemble join as they are.
            let added = try posterior.architecture.members(
                embedding: posterior.embedding,
                thetaStandardization: posterior.thetaStandardization
            )
            for (index, member) in added.enumerated() {
                let own = posterior.tensors.below(
                    posterior.architecture.tensorPrefix(ofMember: index)
                )
                for (name, tensor) in own { tensors["members.\(members.count).\(name)"] = tensor }
                members.append(member)
            }
        }
        try self.init(
            architecture: .ensemble(members),
            prior: first.prior,
            support: first.support,
            thetaDim: first.thetaDim,
            xDim: first.xDim,
            tensors: tensors
        )
    }

    /// Joins a checked density with its weights.
    init(
        _ architecture: EstimatorArchitecture,
        _ embedding: EmbeddingArchitecture?,
        _ prior: DistributionDescription,
        _ support: PosteriorSupport,
        _ density: ConditionalDensity,
        parameters: [Float]
    ) throws(EstimatorError) {
        do {
            _ = try prior.makeDistribution()
        } catch {
            throw .invalidArchitecture("the prior is not usable: \(error)")
        }
        if let index = parameters.firstIndex(where: { !$0.isFinite }) {
            throw .nonFiniteWeight(tensor: "parameters", index: index)
        }
        self.architecture = architecture
        self.embedding = embedding
        self.prior = prior
        self.support = support
        self.density = density
        self.parameters = parameters
        let forward = density.logProbProgram()
        logProbEvaluator = LaneEvaluator(forward.program, outputs: [forward.logProb])
        let bijection = SupportMap(transforms: prior.supportTransforms)
        ascentEvaluator = DeferredEvaluator {
            let ascent = density.ascentProgram(through: bijection)
            return LaneEvaluator(ascent.program, outputs: [ascent.logProb, ascent.gradient])
        }
        let draw = density.sampleProgram()
        sampleEvaluator = LaneEvaluator(draw.program, outputs: [draw.theta])
        sampleWithLogProbEvaluator = LaneEvaluator(
            draw.program,
            outputs: [draw.theta, draw.logProb]
        )
    }

    /// Every array of the model file: weights and standardisation, by name.
    public var tensors: [String: Tensor] {
        density.tensors(of: parameters)
    }

    /// Draws from the posterior of each observation, before any truncation.
    ///
    /// Draws of a `.truncated` posterior may lie outside the prior; `isInSupport` tells which of
    /// them are draws from the posterior.
    ///
    /// A draw is a function of the weights, the observation's float32 bytes, the seed and its
    /// index alone: neither the batch, `count` nor `workers` changes a bit of it.
    ///
    /// - Parameters:
    ///   - count: S, the number of draws of each observation.
    ///   - observations: `[B, L]`, row-major.
    ///   - seed: The seed of the draws.
    ///   - withLogProb: Whether to return the log density of each draw, too.
    ///   - workers: How many threads may take part.
    /// - Returns: The draws `[B, S, D]` and, if asked for, their log densities `[B, S]`.
    public func sample(
        count: Int,
        given observations: [Float],
        seed: UInt64,
        withLogProb: Bool = false,
        workers: Int = 1
    ) -> PosteriorSamples {
        sample(
            count: count,
            given: observations,
            seeds: Array(repeating: seed, count: batchSize(of: observations)),
            withLogProb: withLogProb,
            workers: workers
        )
    }

    /// Draws from the posterior of each observation, each with a seed of its own, before any
    /// truncation.
    ///
    /// - Parameters:
    ///   - count: S, the number of draws of each observation.
    ///   - observations: `[B, L]`, row-major.
    ///   - seeds: `[B]`, the seed of each observation's draws.
    ///   - first: The index of the first draw, to make many in several goes.
    ///   - withLogProb: Whether to return the log density of each draw, too.
    ///   - workers: How many threads may take part.
    /// - Returns: The draws `[B, S, D]` and, if asked for, their log densities `[B, S]`.
    public func sample(
        count: Int,
        given observations: [Float],
        seeds: [UInt64],
        first: Int = 0,
        withLogProb: Bool = false,
        workers: Int = 1
    ) -> PosteriorSamples {
        let batch = batchSize(of: observations)
        precondition(seeds.count == batch, "\(seeds.count) seeds for \(batch) observations")
        let keys = seeds.indices.map { row in
            NoiseKey(
                seed: seeds[row],
                observation: observations[(row * xDim)..<((row + 1) * xDim)]
            )
        }
        let noise = Array(
            repeating: LaneInputSource.noise(keys, first: first),
            count: density.uniformCount > 0 ? 2 : 1
        )
        let evaluator = withLogProb ? sampleWithLogProbEvaluator : sampleEvaluator
        let rows = evaluator.evaluate(
            parameters: parameters,
            observations: batch,
            samples: count,
            sources: [.rows(observations)] + noise,
            workers: workers
        )
        guard withLogProb else {
            return PosteriorSamples(theta: roundedInside(rows), logProb: nil)
        }
        var theta = [Float](repeating: 0, count: batch * count * thetaDim)
        var logProb = [Float](repeating: 0, count: batch * count)
        for sample in 0..<(batch * count) {
            for dimension in 0..<thetaDim {
                theta[sample * thetaDim + dimension] = rows[sample * (thetaDim + 1) + dimension]
            }
            logProb[sample] = rows[sample * (thetaDim + 1) + thetaDim]
        }
        return PosteriorSamples(theta: roundedInside(theta), logProb: logProb)
    }

    /// The draw that base noise stands for, to replay the draws of other software.
    ///
    /// - Parameters:
    ///   - normals: `[B, S, D]`, standard normals.
    ///   - uniforms: `[B, S]`, what chooses the component of a mixture.
    ///   - observations: `[B, L]`.
    /// - Returns: theta `[B, S, D]`.
    package func sample(
        fromNormals normals: [Float],
        uniforms: [Float],
        given observations: [Float]
    ) -> [Float] {
        let batch = batchSize(of: observations)
        let noise: [LaneInputSource] =
            density.uniformCount > 0
            ? [.rows(normals), .rows(uniforms)] : [.rows(normals)]
        let rows = sampleEvaluator.evaluate(
            parameters: parameters,
            observations: batch,
            samples: normals.count / (batch * thetaDim),
            sources: [.rows(observations)] + noise,
            workers: 1
        )
        return roundedInside(rows)
    }

    /// The base noise that the draws theta `[B, S, D]` came from; NaN for a mixture.
    package func base(of theta: [Float], given observations: [Float]) -> [Float] {
        guard let (program, base) = density.baseProgram() else {
            return theta.map { _ in .nan }
        }
        let batch = batchSize(of: observations)
        return LaneEvaluator(program, outputs: [base]).evaluate(
            parameters: parameters,
            observations: batch,
            samples: theta.count / (batch * thetaDim),
            sources: [.rows(theta), .rows(observations)],
            workers: 1
        )
    }

    /// log q(theta | x) of theta `[B, S, D]` given observations `[B, L]`, `[B, S]`.
    ///
    /// Inside the support of a `.truncated` posterior it is the density as trained, which is not
    /// divided by its mass there.
    ///
    /// *Edge cases*: −∞ outside the prior's support, whose bounds belong to it where theta needs
    /// no bijection; NaN where theta is NaN.
    public func logProb(_ theta: [Float], given observations: [Float], workers: Int = 1) -> [Float]
    {
        var logProb = untruncatedLogProb(theta, given: observations, workers: workers)
        for (sample, isInside) in isInSupport(theta).enumerated() {
            if isInside { continue }
            let values = theta[(sample * thetaDim)..<((sample + 1) * thetaDim)]
            logProb[sample] = values.contains(where: \.isNaN) ? .nan : -.infinity
        }
        return logProb
    }

    /// Whether each theta of `[N, D]` lies in the prior's support, `[N]`.
    ///
    /// *Edge cases*: a bound belongs to the support of a `.truncated` posterior and not to that of
    /// an `.unconstrained` one, whose density there is zero or infinite; NaN lies outside.
    public func isInSupport(_ theta: [Float]) -> [Bool] {
        precondition(
            theta.count % thetaDim == 0,
            "\(theta.count) values of theta in \(thetaDim) dimensions"
        )
        var isInside = [Bool](repeating: true, count: theta.count / thetaDim)
        for (dimension, transform) in prior.supportTransforms.enumerated() {
            for sample in isInside.indices {
                let value = theta[sample * thetaDim + dimension]
                let isIn =
                    if transform == .identity {
                        !value.isNaN
                    } else if support == .truncated {
                        transform.containsInClosure(Double(value))
                    } else {
                        transform.contains(Double(value))
                    }
                if !isIn { isInside[sample] = false }
            }
        }
        return isInside
    }

    /// log q(theta | x) of the density as trained, whatever the prior's support: theta
    /// `[B, S, D]`, observations `[B, L]`, result `[B, S]`.
    ///
    /// *Edge cases*: where the support is `.unconstrained`, meaningless outside the prior.
    public func untruncatedLogProb(
        _ theta: [Float],
        given observations: [Float],
        workers: Int = 1
    ) -> [Float] {
        let batch = batchSize(of: observations)
        guard batch > 0 else { return [] }
        precondition(
            theta.count % (batch * thetaDim) == 0,
            "\(theta.count) values of theta for \(batch) observations of \(thetaDim) dimensions"
        )
        return logProbEvaluator.evaluate(
            parameters: parameters,
            observations: batch,
            samples: theta.count / (batch * thetaDim),
            sources: [.rows(theta), .rows(observations)],
            workers: workers
        )
    }

    private func batchSize(of observations: [Float]) -> Int {
        precondition(
            observations.count % xDim == 0,
            "\(observations.count) values of observations of \(xDim)"
        )
        return observations.count / xDim
    }

    /// Moves draws that single precision put on a bound of the prior's support inside it.
    private func roundedInside(_ theta: [Float]) -> [Float] {
        var theta = theta
        for (dimension, transform) in density.support.transforms.enumerated() {
            guard transform != .identity, let bounds = transform.singlePrecisionBounds else {
                continue
            }
            for place in stride(from: dimension, to: theta.count, by: thetaDim) {
                let value = theta[place]
                if value < bounds.lowerBound { theta[place] = bounds.lowerBound }
                if value > bounds.upperBound { theta[place] = bounds.upperBound }
            }
        }
        return theta
    }
}

/// Draws from the posteriors of a batch of observations.
public struct PosteriorSamples: Sendable, Equatable {
    /// The draws, `[B, S, D]`, row-major.
    public let theta: [Float]
    /// The log density of each draw, `[B, S]`, when it was asked for.
    public let logProb: [Float]?

    /// Makes a value from draws and their log densities.
    public init(theta: [Float], logProb: [Float]?) {
        self.theta = theta
        self.logProb = logProb
    }
}
