import Autodiff
package import Kernels

/// An estimator with a density whose sensitivity to x can be trained.
package protocol DefensibleEstimator: TrainableDensityEstimator {
    /// What is trained.
    var density: ConditionalDensity { get }
}

/// A penalty on the sensitivity of a posterior to its observation, one draw a row: values, their
/// gradient by the weights, and directions for a search.
///
/// Rows of the inputs are `[R, L]`; row r draws from its own key, so neither the batch nor the
/// number of threads changes what it gives.
package final class PenaltyEvaluator: Sendable {
    /// What is evaluated.
    package enum Kind: Sendable {
        /// ‖∇ₓ log q‖² at a draw, from x.
        case fisherTrace
        /// (v · ∇ₓ log q)² at a draw, from x and v.
        case fisherDirection
        /// A log density ratio at a draw, from x and x̃.
        case divergence(DivergenceDirection)
    }

    /// Rows of a table, one for each draw.
    package enum Rows: Sendable {
        /// All rows of a table, in order.
        case all([Float])
        /// The rows of a table with these indices.
        case selected([Float], ArraySlice<Int>)

        fileprivate var source: LaneInputSource {
            switch self {
            case .all(let table): .rows(table)
            case .selected(let table, let rows): .selected(table, rows: rows)
            }
        }
    }

    private let gradientEvaluator: GradientEvaluator
    private let valueEvaluator: LaneEvaluator
    private let directionEvaluator: LaneEvaluator?

    /// Plans the programs; nil for an estimator whose draws have no derivative.
    package init?(_ kind: Kind, of density: ConditionalDensity) {
        let made =
            switch kind {
            case .fisherTrace: density.fisherTraceProgram()
            case .fisherDirection: density.fisherDirectionProgram()
            case .divergence(let direction): density.divergencePenaltyProgram(direction)
            }
        guard var made else { return nil }
        valueEvaluator = LaneEvaluator(made.program, outputs: [made.penalty])
        directionEvaluator = made.direction.map { LaneEvaluator(made.program, outputs: [$0]) }
        let presence = made.program.input(1, rate: .sample, kind: .presence)
        _ = made.program.appendCotangents(
            of: made.penalty,
            cotangent: presence,
            withRespectTo: [],
            parameterSinks: true
        )
        gradientEvaluator = GradientEvaluator(made.program, loss: made.penalty)
    }

    /// The sum of the penalty over rows; overwrites `gradient` with that of its *mean*.
    ///
    /// - Parameters:
    ///   - parameters: The weights.
    ///   - inputs: The observations, `[R, L]`, and what else the kind takes.
    ///   - keys: The noise of each row, `[R]`.
    ///   - workers: How many threads may take part.
    ///   - gradient: As long as the weights.
    /// - Returns: The sum.
    package func sumAndGradient(
        parameters: [Float],
        _ inputs: [Rows],
        keys: [NoiseKey],
        workers: Int,
        gradient: inout [Float]
    ) -> Double {
        gradientEvaluator.lossAndGradient(
            parameters: parameters,
            count: keys.count,
            sources: inputs.map(\.source) + [.noise(keys), .presence],
            workers: workers,
            gradient: &gradient
        )
    }

    /// The penalty of each row, `[R]`; the arguments are those of `sumAndGradient`.
    package func values(
        parameters: [Float],
        _ inputs: [Rows],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        evaluate(valueEvaluator, parameters, inputs, keys, workers)
    }

    /// What a search needs of each row, `[R, L]`; the arguments are those of `sumAndGradient`.
    package func directions(
        parameters: [Float],
        _ inputs: [Rows],
        keys: [NoiseKey],
        workers: Int
    ) -> [Float] {
        guard let directionEvaluator else { preconditionFailure("a penalty without a direction") }
        return evaluate(directionEvaluator, parameters, inputs, keys, workers)
    }

    private func evaluate(
        _ evaluator: LaneEvaluator,
        _ parameters: [Float],
        _ inputs: [Rows],
        _ keys: [NoiseKey],
        _ workers: Int
    ) -> [Float] {
        evaluator.evaluate(
            parameters: parameters,
            observations: keys.count,
            samples: 1,
            sources: inputs.map(\.source) + [.noise(keys)],
            workers: workers
        )
    }
}
