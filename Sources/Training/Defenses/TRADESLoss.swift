import Estimators
import Kernels

/// The loss with a penalty on the divergence between the posteriors of x and an attacked x̃.
struct TRADESLoss: DefendedLoss {
    private let plain: PlainLoss
    private let penalty: PenaltyEvaluator
    private let ascent: AscentEvaluator
    private let ball: BallAscent
    private let settings: TRADES
    private let stepSize: Double
    private let xDim: Int
    private let seed: UInt64

    /// The phase that keys of the penalty's draws are counted in; steps of the attack follow.
    private static let penaltyPhase = 0

    /// Plans penalty and attack; nil for an estimator whose draws have no derivative.
    init?(
        _ settings: TRADES,
        of estimator: any DefensibleEstimator,
        dataScale: Double,
        seed: UInt64
    ) {
        let density = estimator.density
        guard let penalty = PenaltyEvaluator(.divergence(settings.direction), of: density),
            let ascent = AscentEvaluator(.divergence(settings.direction), of: density)
        else { return nil }
        plain = PlainLoss(estimator: estimator)
        self.penalty = penalty
        self.ascent = ascent
        self.settings = settings
        xDim = density.xDim
        self.seed = seed
        ball = BallAscent(
            radius: settings.search.epsilon.size(dataScale: dataScale),
            seed: RandomStream(seed: seed).substream(1).seed
        )
        stepSize = settings.search.relativeStepSize * ball.radius
    }

    func lossAndGradient(
        _ step: DefenseStep,
        memory: inout DefenseMemory,
        gradient: inout [Float]
    ) throws(DefenseFailure) -> Double {
        let loss = plain.lossAndGradient(step, memory: &memory, gradient: &gradient)
        let (inputs, keys) = inputs(step)
        var slopes = [Float](repeating: 0, count: gradient.count)
        let divergence = penalty.sumAndGradient(
            parameters: step.parameters,
            inputs,
            keys: keys,
            workers: step.workers,
            gradient: &slopes
        )
        guard divergence.isFinite else {
            let values = penalty.values(
                parameters: step.parameters,
                inputs,
                keys: keys,
                workers: step.workers
            )
            let place = values.firstIndex { !$0.isFinite } ?? 0
            throw .penalty(row: step.rows[step.rows.startIndex + place])
        }
        if let place = slopes.firstIndex(where: { !$0.isFinite }) {
            throw .slope(parameter: place)
        }
        add(slopes, times: Float(settings.beta), to: &gradient)
        return loss + settings.beta * divergence
    }

    func losses(_ step: DefenseStep) -> [Float] {
        let (inputs, keys) = inputs(step)
        let values = penalty.values(
            parameters: step.parameters,
            inputs,
            keys: keys,
            workers: step.workers
        )
        return zip(plain.losses(step), values).map { $0 + Float(settings.beta) * $1 }
    }

    /// Clean and attacked observations, and what the penalty draws from.
    private func inputs(_ step: DefenseStep) -> ([PenaltyEvaluator.Rows], [NoiseKey]) {
        let x = step.x(xDim: xDim)
        let count = step.rows.count
        let contexts = ascent.contexts(
            parameters: step.parameters,
            x: step.batch.x,
            rows: step.batch.rows,
            workers: step.workers
        )
        var delta = ball.random(step, xDim: xDim)
        for number in 0..<settings.search.steps {
            let gradients = ascent.gradients(
                parameters: step.parameters,
                fixed: contexts,
                attacked: BallAscent.moved(x, by: delta),
                keys: step.keys(seed: seed, phase: 1 + number, count: count),
                workers: step.workers
            )
            ball.advance(
                &delta,
                along: gradients,
                stepSize: stepSize,
                xDim: xDim,
                workers: step.workers
            )
        }
        return (
            [.all(x), .all(BallAscent.moved(x, by: delta))],
            step.keys(seed: seed, phase: Self.penaltyPhase, count: count)
        )
    }
}
