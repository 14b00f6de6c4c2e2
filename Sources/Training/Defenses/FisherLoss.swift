import Estimators
import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The loss with a penalty on the Fisher information: its trace, or its largest eigenvalue.
struct FisherLoss: DefendedLoss {
    private let plain: PlainLoss
    private let evaluator: PenaltyEvaluator
    private let settings: FisherTraceRegularization
    /// β in units of x².
    private let beta: Double
    private let seed: UInt64
    /// Finds the direction of the largest eigenvalue; nil for the trace.
    private let power: PowerIteration?

    /// The phase that keys of the penalty's draws are counted in; the power iteration has others.
    private static let penaltyPhase = 0

    /// Plans the penalty of the trace; nil for an estimator whose draws have no derivative.
    init?(
        _ settings: FisherTraceRegularization,
        of estimator: any DefensibleEstimator,
        dataScale: Double,
        seed: UInt64
    ) {
        guard let evaluator = PenaltyEvaluator(.fisherTrace, of: estimator.density) else {
            return nil
        }
        plain = PlainLoss(estimator: estimator)
        self.evaluator = evaluator
        self.settings = settings
        beta = settings.beta.weight(dataScale: dataScale)
        self.seed = seed
        power = nil
    }

    /// Plans the penalty of the largest eigenvalue, on a set of so many rows; nil for an estimator
    /// whose draws have no derivative.
    init?(
        _ settings: FisherEigenvalueRegularization,
        of estimator: any DefensibleEstimator,
        rows: Int,
        dataScale: Double,
        seed: UInt64
    ) {
        guard let evaluator = PenaltyEvaluator(.fisherDirection, of: estimator.density) else {
            return nil
        }
        plain = PlainLoss(estimator: estimator)
        self.evaluator = evaluator
        self.settings = settings.penalty
        beta = settings.penalty.beta.weight(dataScale: dataScale)
        self.seed = seed
        power = PowerIteration(
            settings,
            evaluator: evaluator,
            xDim: estimator.density.xDim,
            rows: rows,
            seed: seed
        )
    }

    func lossAndGradient(
        _ step: DefenseStep,
        memory: inout DefenseMemory,
        gradient: inout [Float]
    ) throws(DefenseFailure) -> Double {
        let count = step.rows.count
        let regularised = max(1, Int((settings.share * Double(count)).rounded(.up)))
        let loss = plain.lossAndGradient(step, memory: &memory, gradient: &gradient)
        let directions = power?.directions(step, count: regularised, memory: &memory)
        var slopes = [Float](repeating: 0, count: gradient.count)
        let penalty = try penaltyAndGradient(step, regularised, directions, &slopes)
        average(slopes, in: &memory)
        let correction =
            1 - pow(1 - settings.averageRate, Double(memory.averagedSteps))
        add(memory.average, times: Float(beta / correction), to: &gradient)
        return loss + beta * penalty * Double(count)
    }

    /// The mean penalty of rows from the first and its gradient; draws whose penalty is not finite
    /// are left out.
    private func penaltyAndGradient(
        _ step: DefenseStep,
        _ count: Int,
        _ directions: [Float]?,
        _ slopes: inout [Float]
    ) throws(DefenseFailure) -> Double {
        var draws = draws(of: step, count: count, directions)
        func sum(_ slopes: inout [Float]) -> Double {
            evaluator.sumAndGradient(
                parameters: step.parameters,
                draws.inputs(of: step),
                keys: draws.keys,
                workers: step.workers,
                gradient: &slopes
            )
        }
        var total = sum(&slopes)
        if !total.isFinite {
            let values = evaluator.values(
                parameters: step.parameters,
                draws.inputs(of: step),
                keys: draws.keys,
                workers: step.workers
            )
            draws.keep { values[$0].isFinite }
            guard !draws.keys.isEmpty else {
                throw .penalty(row: step.rows[step.rows.startIndex])
            }
            total = sum(&slopes)
        }
        if let place = slopes.firstIndex(where: { !$0.isFinite }) {
            throw .slope(parameter: place)
        }
        return total / Double(draws.keys.count)
    }

    /// h ← γ g + (1 − γ) h.
    private func average(_ slopes: [Float], in memory: inout DefenseMemory) {
        if memory.average.isEmpty {
            memory.average = Array(repeating: 0, count: slopes.count)
        }
        let rate = Float(settings.averageRate)
        let slopes = slopes.span
        var average = memory.average.mutableSpan
        for index in 0..<slopes.count {
            average[index] = rate * slopes[index] + (1 - rate) * average[index]
        }
        memory.averagedSteps += 1
    }

    func losses(_ step: DefenseStep) -> [Float] {
        var memory = DefenseMemory()
        let directions = power?.directions(step, count: step.rows.count, memory: &memory)
        let draws = draws(of: step, count: step.rows.count, directions)
        let values = evaluator.values(
            parameters: step.parameters,
            draws.inputs(of: step),
            keys: draws.keys,
            workers: step.workers
        )
        return plain.losses(step).enumerated().map { row, loss in
            let own = values[row * settings.draws..<(row + 1) * settings.draws]
                .filter(\.isFinite)
            let sum = own.reduce(0.0) { $0 + Double($1) }
            return Float(Double(loss) + beta * sum / Double(own.count))
        }
    }

    private func draws(
        of step: DefenseStep,
        count: Int,
        _ directions: [Float]?
    ) -> PenaltyDraws {
        PenaltyDraws(
            step,
            count: count,
            repetitions: settings.draws,
            seed: seed,
            phase: Self.penaltyPhase,
            directions: directions
        )
    }
}

/// The draws of a step: the row, the direction and the noise of each.
struct PenaltyDraws {
    private var places: [Int]
    private var directionRows: [Int]
    private(set) var keys: [NoiseKey]
    private let directions: [Float]?

    /// Repeats rows from the first of a step.
    init(
        _ step: DefenseStep,
        count: Int,
        repetitions: Int,
        seed: UInt64,
        phase: Int,
        directions: [Float]?
    ) {
        places = []
        directionRows = []
        for (index, place) in step.batch.rows.prefix(count).enumerated() {
            places += repeatElement(place, count: repetitions)
            directionRows += repeatElement(index, count: repetitions)
        }
        keys = step.keys(seed: seed, phase: phase, count: count, repetitions: repetitions)
        self.directions = directions
    }

    /// Leaves out draws.
    mutating func keep(where isKept: (Int) -> Bool) {
        let kept = keys.indices.filter(isKept)
        keys = kept.map { keys[$0] }
        places = kept.map { places[$0] }
        directionRows = kept.map { directionRows[$0] }
    }

    /// What a penalty is evaluated on.
    func inputs(of step: DefenseStep) -> [PenaltyEvaluator.Rows] {
        let x = PenaltyEvaluator.Rows.selected(step.batch.x, places[...])
        guard let directions else { return [x] }
        return [x, .selected(directions, directionRows[...])]
    }
}
