import Estimators
import Kernels

/// The loss at a moved x: with noise, or where an attack has made it large.
struct AttackedLoss: DefendedLoss {
    private let plain: PlainLoss
    private let xDim: Int
    private let thetaDim: Int
    private let ball: BallAscent
    /// The attack; nil for noise alone.
    private let attack: (ascent: AscentEvaluator, steps: Int, stepSize: Double)?

    /// Prepares noise.
    init(
        _ settings: NoiseAugmentation,
        of estimator: any DefensibleEstimator,
        dataScale: Double,
        seed: UInt64
    ) {
        plain = PlainLoss(estimator: estimator)
        xDim = estimator.density.xDim
        thetaDim = estimator.density.thetaDim
        ball = BallAscent(radius: settings.epsilon.size(dataScale: dataScale), seed: seed)
        attack = nil
    }

    /// Prepares an attack.
    init?(
        _ settings: AdversarialTraining,
        of estimator: any DefensibleEstimator,
        dataScale: Double,
        seed: UInt64
    ) {
        guard let ascent = AscentEvaluator(.loss, of: estimator.density) else { return nil }
        plain = PlainLoss(estimator: estimator)
        xDim = estimator.density.xDim
        thetaDim = estimator.density.thetaDim
        let search = settings.search
        ball = BallAscent(radius: search.epsilon.size(dataScale: dataScale), seed: seed)
        attack = (ascent, search.steps, search.relativeStepSize * ball.radius)
    }

    func lossAndGradient(
        _ step: DefenseStep,
        memory: inout DefenseMemory,
        gradient: inout [Float]
    ) -> Double {
        plain.lossAndGradient(moved(step), memory: &memory, gradient: &gradient)
    }

    func losses(_ step: DefenseStep) -> [Float] { plain.losses(moved(step)) }

    /// The step at the moved observations.
    private func moved(_ step: DefenseStep) -> DefenseStep {
        let x = step.x(xDim: xDim)
        let theta = step.theta(thetaDim: thetaDim)
        var delta = ball.random(step, xDim: xDim)
        if let attack {
            let keys = step.keys(seed: 0, phase: 0, count: step.rows.count)
            for _ in 0..<attack.steps {
                let gradients = attack.ascent.gradients(
                    parameters: step.parameters,
                    fixed: theta,
                    attacked: BallAscent.moved(x, by: delta),
                    keys: keys,
                    workers: step.workers
                )
                ball.advance(
                    &delta,
                    along: gradients,
                    stepSize: attack.stepSize,
                    xDim: xDim,
                    workers: step.workers
                )
            }
        }
        var moved = step
        moved.batch = SimulationSet.Batch(
            theta: theta,
            x: BallAscent.moved(x, by: delta),
            rows: Array(0..<step.rows.count)[...]
        )
        return moved
    }
}

extension BallSearch {
    /// The size of a step in units of the radius.
    var relativeStepSize: Double { stepSize ?? 2.5 / Double(steps) }
}
