import Autodiff
package import Kernels

/// Gradients by the observation of what an attack makes large, under weights in training.
package final class AscentEvaluator: Sendable {
    /// What an attack makes large.
    package enum Objective: Sendable {
        /// −log q(theta | x̃) of given theta.
        case loss
        /// A divergence between the posteriors of x and x̃, at one draw.
        case divergence(DivergenceDirection)
    }

    private let context: LaneEvaluator
    private let ascent: LaneEvaluator
    private let drawsNoise: Bool

    /// Plans the programs; nil for an estimator whose draws have no derivative.
    package init?(_ objective: Objective, of density: ConditionalDensity) {
        let made: PenaltyProgram?
        switch objective {
        case .loss:
            made = density.lossAscentProgram()
            drawsNoise = false
        case .divergence(let direction):
            made = density.divergenceAscentProgram(direction)
            drawsNoise = true
        }
        guard let made, let gradient = made.direction else { return nil }
        ascent = LaneEvaluator(made.program, outputs: [gradient])
        let contexts = density.contextProgram()
        context = LaneEvaluator(contexts.program, outputs: [contexts.context])
    }

    /// The contexts `[B, C]` of clean observations, the rows of a table.
    package func contexts(
        parameters: [Float],
        x: [Float],
        rows: ArraySlice<Int>,
        workers: Int
    ) -> [Float] {
        context.evaluate(
            parameters: parameters,
            observations: rows.count,
            samples: 1,
            sources: [.selected(x, rows: rows)],
            workers: workers
        )
    }

    /// The gradient by x̃, `[B, L]`.
    ///
    /// - Parameters:
    ///   - parameters: The weights.
    ///   - fixed: theta, `[B, D]`, or the clean contexts, `[B, C]`, by the objective.
    ///   - attacked: x̃, `[B, L]`.
    ///   - keys: The noise of each row, `[B]`, which a divergence draws from.
    ///   - workers: How many threads may take part.
    /// - Returns: The gradients.
    package func gradients(
        parameters: [Float],
        fixed: [Float],
        attacked: [Float],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        ascent.evaluate(
            parameters: parameters,
            observations: keys.count,
            samples: 1,
            sources: [.rows(fixed), .rows(attacked)] + (drawsNoise ? [.noise(keys)] : []),
            workers: workers
        )
    }
}
