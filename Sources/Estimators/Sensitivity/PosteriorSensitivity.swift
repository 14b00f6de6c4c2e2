import Autodiff
import Distributions
package import Kernels

/// How a posterior moves with its observation: log densities, draws and divergences as functions
/// of the context c = h(x), with their derivatives, and the way back to x.
///
/// The axes are `B` observations, `S` draws of each, `D` dimensions of theta, `L` of x and `C` of the
/// context: what the estimator sees of an observation, standardised and embedded. Densities are those of
/// unconstrained theta u as trained, before any truncation.
package final class PosteriorSensitivity: Sendable {
    /// The posterior.
    package let posterior: Posterior
    private let context: LaneEvaluator
    private let pullback: DeferredEvaluator
    private let draw: DeferredEvaluator
    private let drawWithLogProb: DeferredEvaluator
    private let drawPullback: DeferredEvaluator
    private let drawScore: DeferredEvaluator
    private let drawWithScore: DeferredEvaluator
    private let score: DeferredEvaluator
    private let logProb: DeferredEvaluator
    private let divergence: DeferredEvaluator?
    private let divergenceWithScore: DeferredEvaluator?
    private let normal: LaneEvaluator?
    private let normalPullback: LaneEvaluator?

    /// D.
    package let thetaDim: Int
    /// L.
    package let xDim: Int
    /// C.
    package let contextDim: Int
    /// Whether a network stands between x and the estimator; without one, C is L times the number
    /// of members and ∂c/∂x is diagonal in each.
    package var hasEmbedding: Bool { posterior.density.hasEmbedding }
    /// Whether draws have a derivative by the context, as those of all estimators but `made` have.
    package var hasPathDerivative: Bool { divergence != nil }
    /// Whether noise and draw belong to each other one to one: no mixture.
    package var isOneStratum: Bool { posterior.density.uniformCount == 0 }
    /// Whether the posterior is one normal in unconstrained space.
    package var isNormal: Bool { normal != nil }

    /// Plans what is always needed; the rest is planned when it is first asked for.
    package init(_ posterior: Posterior) {
        self.posterior = posterior
        let density = posterior.density
        (thetaDim, xDim, contextDim) = (posterior.thetaDim, posterior.xDim, density.contextDim)
        let contexts = density.contextProgram()
        context = LaneEvaluator(contexts.program, outputs: [contexts.context])
        pullback = DeferredEvaluator {
            let (program, pullback) = density.pullbackProgram()
            return LaneEvaluator(program, outputs: [pullback])
        }
        draw = DeferredEvaluator {
            let draw = density.drawScoreProgram()
            return LaneEvaluator(draw.program, outputs: [draw.u])
        }
        drawWithLogProb = DeferredEvaluator {
            let draw = density.drawScoreProgram()
            return LaneEvaluator(draw.program, outputs: [draw.u, draw.logProb])
        }
        drawPullback = DeferredEvaluator {
            let (program, gradient) = density.drawPullbackProgram()
            return LaneEvaluator(program, outputs: [gradient])
        }
        drawScore = DeferredEvaluator {
            let draw = density.drawScoreProgram()
            return LaneEvaluator(draw.program, outputs: [draw.normals, draw.score])
        }
        drawWithScore = DeferredEvaluator {
            let draw = density.drawScoreProgram()
            return LaneEvaluator(draw.program, outputs: [draw.u, draw.score])
        }
        score = DeferredEvaluator {
            let (program, logProb, score) = density.scoreProgram()
            return LaneEvaluator(program, outputs: [logProb, score])
        }
        logProb = DeferredEvaluator {
            let (program, logProb, _) = density.scoreProgram()
            return LaneEvaluator(program, outputs: [logProb])
        }
        let canDivert = density.members.allSatisfy { !($0.estimator is MixtureMADE) }
        func divergence(
            _ slope: @escaping @Sendable (DivergenceProgram) -> LaneValue
        ) -> DeferredEvaluator? {
            guard canDivert else { return nil }
            return DeferredEvaluator {
                guard let made = density.divergenceProgram() else {
                    preconditionFailure("a density with too many parts")
                }
                return LaneEvaluator(made.program, outputs: [made.value, slope(made)])
            }
        }
        self.divergence = divergence(\.slopeWithoutScore)
        divergenceWithScore = divergence(\.slope)
        let only = density.normalProgram()
        normal = only.map { LaneEvaluator($0.program, outputs: [$0.values]) }
        normalPullback = only.map { LaneEvaluator($0.program, outputs: [$0.pullback]) }
    }
}

// Contexts.
extension PosteriorSensitivity {
    /// The contexts `[B, C]` of observations `[B, L]`.
    package func contexts(of observations: [Float], workers: Int) -> [Float] {
        context.evaluate(
            parameters: posterior.parameters,
            observations: observations.count / xDim,
            samples: 1,
            sources: [.rows(observations)],
            workers: workers
        )
    }

    /// vᵀ ∂c/∂x `[B, S, L]` of cotangents v `[B, S, C]` at observations `[B, L]`.
    package func pullback(
        _ cotangents: [Float],
        at observations: [Float],
        workers: Int
    ) -> [Float] {
        let batch = observations.count / xDim
        return pullback.evaluator.evaluate(
            parameters: posterior.parameters,
            observations: batch,
            samples: cotangents.count / (batch * contextDim),
            sources: [.rows(observations), .rows(cotangents)],
            workers: workers
        )
    }
}

// Draws and densities.
extension PosteriorSensitivity {
    /// Draws and what was asked for with them, row by row.
    private func rows(
        _ evaluator: LaneEvaluator,
        _ contexts: [Float],
        _ keys: [NoiseKey],
        count: Int,
        workers: Int
    ) -> [Float] {
        let noise = Array(
            repeating: LaneInputSource.noise(keys),
            count: posterior.density.uniformCount > 0 ? 2 : 1
        )
        return evaluator.evaluate(
            parameters: posterior.parameters,
            observations: keys.count,
            samples: count,
            sources: [.rows(contexts)] + noise,
            workers: workers
        )
    }

    /// Draws u `[B, S, D]`; the arguments are those of `drawsWithLogProb`.
    package func draws(
        count: Int,
        given contexts: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        rows(draw.evaluator, contexts, keys, count: count, workers: workers)
    }

    /// Draws u and their log densities, a row of D + 1 numbers each, `[B, S, D + 1]`.
    ///
    /// - Parameters:
    ///   - count: S.
    ///   - contexts: `[B, C]`.
    ///   - keys: The noise of each observation, `[B]`; draws with one key share their base noise.
    ///   - workers: How many threads may take part.
    /// - Returns: Draws and log densities.
    package func drawsWithLogProb(
        count: Int,
        given contexts: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        rows(drawWithLogProb.evaluator, contexts, keys, count: count, workers: workers)
    }

    /// vᵀ ∂u/∂c along the path of draws u, `[B, S, C]`, for cotangents v `[B, S, D]`.
    ///
    /// *Precondition*: `isOneStratum`; the other arguments are those of `drawsWithLogProb`.
    package func drawPullback(
        _ cotangents: [Float],
        given contexts: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        precondition(isOneStratum, "draws from a mixture have no path")
        return drawPullback.evaluator.evaluate(
            parameters: posterior.parameters,
            observations: keys.count,
            samples: cotangents.count / (keys.count * thetaDim),
            sources: [.rows(contexts), .noise(keys), .rows(cotangents)],
            workers: workers
        )
    }

    /// The base noise of draws and ∂ log q/∂c at them, a row of D + C numbers each,
    /// `[B, S, D + C]`.
    package func drawScores(
        count: Int,
        given contexts: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        rows(drawScore.evaluator, contexts, keys, count: count, workers: workers)
    }

    /// Draws u and ∂ log q/∂c at them, a row of D + C numbers each, `[B, S, D + C]`.
    package func drawsWithScores(
        count: Int,
        given contexts: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        rows(drawWithScore.evaluator, contexts, keys, count: count, workers: workers)
    }

    /// log q(u | c) and ∂ log q/∂c of u `[B, S, D]`, a row of 1 + C numbers each, `[B, S, 1 + C]`.
    package func scores(_ u: [Float], given contexts: [Float], workers: Int) -> [Float] {
        evaluate(score.evaluator, u, contexts, workers)
    }

    /// log q(u | c) of u `[B, S, D]`, `[B, S]`.
    package func logProb(_ u: [Float], given contexts: [Float], workers: Int) -> [Float] {
        evaluate(logProb.evaluator, u, contexts, workers)
    }

    private func evaluate(
        _ evaluator: LaneEvaluator,
        _ u: [Float],
        _ contexts: [Float],
        _ workers: Int
    ) -> [Float] {
        let batch = contexts.count / contextDim
        return evaluator.evaluate(
            parameters: posterior.parameters,
            observations: batch,
            samples: u.count / (batch * thetaDim),
            sources: [.rows(u), .rows(contexts)],
            workers: workers
        )
    }

    /// log q(u | a) − log q(u | b) at draws u from q(· | a) and its gradient by a along the path of
    /// the draws, by default less the score at them, a row of 1 + C numbers each, `[B, S, 1 + C]`.
    ///
    /// The means over draws are KL(q(· | a) ‖ q(· | b)) and its gradient; a mixture is drawn from part
    /// by part.
    ///
    /// - Parameters:
    ///   - count: S.
    ///   - first: a, `[B, C]`.
    ///   - second: b, `[B, C]`.
    ///   - keys: The noise of each observation, `[B]`.
    ///   - keepsScore: Whether the gradients keep the score, whose mean is zero.
    ///   - workers: How many threads may take part.
    /// - Returns: Log density ratios and gradients.
    package func divergences(
        count: Int,
        of first: [Float],
        from second: [Float],
        keys: [NoiseKey],
        keepsScore: Bool = false,
        workers: Int
    ) -> [Float] {
        guard let divergence = keepsScore ? divergenceWithScore : divergence else {
            preconditionFailure("draws without a derivative by the context")
        }
        return divergence.evaluator.evaluate(
            parameters: posterior.parameters,
            observations: keys.count,
            samples: count,
            sources: [.rows(first), .rows(second), .noise(keys)],
            workers: workers
        )
    }

    /// The unconstrained values u of theta `[N, D]`.
    package func unconstrained(_ theta: [Float]) -> [Float] {
        let transforms = posterior.density.support.transforms
        return theta.enumerated().map { place, value in
            Float(transforms[place % thetaDim].toUnconstrained(Double(value)))
        }
    }

    /// The theta of unconstrained values u `[N, D]`, inside the support.
    package func theta(_ u: [Float]) -> [Float] {
        let transforms = posterior.density.support.transforms
        return u.enumerated().map { place, value in
            transforms[place % thetaDim].toSupport(value)
        }
    }
}

// A posterior that is one normal.
extension PosteriorSensitivity {
    /// Numbers that describe the normal: D means, D diagonal entries of the precision factor and,
    /// unless it is diagonal, D (D − 1) / 2 above them.
    package var normalWidth: Int { normal?.outputWidth ?? 0 }

    /// The normals of contexts `[B, C]`, in standardised theta, `[B, normalWidth]`.
    package func normals(given contexts: [Float], workers: Int) -> [Float] {
        guard let normal else { preconditionFailure("the posterior is no normal") }
        let batch = contexts.count / contextDim
        return normal.evaluate(
            parameters: posterior.parameters,
            observations: batch,
            samples: 1,
            sources: [
                .rows(contexts), .rows(Array(repeating: 0, count: batch * normalWidth)),
            ],
            workers: workers
        )
    }

    /// The derivative of the normals by the context, `[B, normalWidth, C]`.
    package func normalDerivatives(given contexts: [Float], workers: Int) -> [Float] {
        guard let normalPullback else { preconditionFailure("the posterior is no normal") }
        let batch = contexts.count / contextDim
        let width = normalWidth
        var identity = [Float](repeating: 0, count: width * width)
        for place in 0..<width { identity[place * width + place] = 1 }
        return normalPullback.evaluate(
            parameters: posterior.parameters,
            observations: batch,
            samples: width,
            sources: [
                .rows(contexts),
                .rows(Array((0..<batch).map { _ in identity }.joined())),
            ],
            workers: workers
        )
    }
}
