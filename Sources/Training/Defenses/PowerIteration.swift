import Estimators
import Kernels

/// Finds the direction in which the Fisher information of each row is largest.
struct PowerIteration: Sendable {
    private let settings: FisherEigenvalueRegularization
    private let evaluator: PenaltyEvaluator
    private let xDim: Int
    private let rows: Int
    private let seed: UInt64

    /// Prepares the iteration over a set of so many rows.
    init(
        _ settings: FisherEigenvalueRegularization,
        evaluator: PenaltyEvaluator,
        xDim: Int,
        rows: Int,
        seed: UInt64
    ) {
        self.settings = settings
        self.evaluator = evaluator
        self.xDim = xDim
        self.rows = rows
        self.seed = seed
    }

    /// Whether the rows of the set keep their directions from step to step.
    private var isRemembered: Bool {
        rows <= FisherEigenvalueRegularization.memoryLimit / xDim
    }

    /// The directions of rows from the first of a step, `[count, L]`, of norm 1; moves those in
    /// memory on.
    func directions(
        _ step: DefenseStep,
        count: Int,
        memory: inout DefenseMemory
    ) -> [Float] {
        let remembers = isRemembered && step.number != DefenseStep.judgement
        if remembers, memory.directions.isEmpty {
            memory.directions = Array(repeating: 0, count: rows * xDim)
        }
        var products = [Float](repeating: 0, count: count * xDim)
        if remembers {
            for (place, row) in step.rows.prefix(count).enumerated() {
                for entry in 0..<xDim {
                    products[place * xDim + entry] = memory.directions[row * xDim + entry]
                }
            }
        }
        // A row that starts afresh takes several iterations, and all rows of its step with it.
        let isFresh = (0..<count).map { row in
            products[row * xDim..<(row + 1) * xDim].allSatisfy { $0 == 0 }
        }
        let iterations = isFresh.contains(true) ? settings.firstIterations : 1
        var units = units(of: products, step)
        for iteration in 0..<iterations {
            let means = meanProducts(step, count: count, units: units, phase: 1 + iteration)
            for row in 0..<count {
                let range = row * xDim..<(row + 1) * xDim
                guard means[range].allSatisfy(\.isFinite) else { continue }
                let rate: Float = isFresh[row] && iteration == 0 ? 1 : Float(settings.powerRate)
                for place in range {
                    products[place] = (1 - rate) * products[place] + rate * means[place]
                }
            }
            units = self.units(of: products, step)
        }
        if remembers {
            for (place, row) in step.rows.prefix(count).enumerated() {
                for entry in 0..<xDim {
                    memory.directions[row * xDim + entry] = products[place * xDim + entry]
                }
            }
        }
        return units
    }

    /// I(x) v of each row, the mean over its draws, `[count, L]`.
    private func meanProducts(
        _ step: DefenseStep,
        count: Int,
        units: [Float],
        phase: Int
    ) -> [Float] {
        let repetitions = settings.penalty.draws
        let draws = PenaltyDraws(
            step,
            count: count,
            repetitions: repetitions,
            seed: seed,
            phase: phase,
            directions: units
        )
        let products = evaluator.directions(
            parameters: step.parameters,
            draws.inputs(of: step),
            keys: draws.keys,
            workers: step.workers
        )
        guard repetitions > 1 else { return products }
        var means = [Float](repeating: 0, count: count * xDim)
        for draw in draws.keys.indices {
            let row = draw / repetitions
            for entry in 0..<xDim {
                means[row * xDim + entry] += products[draw * xDim + entry] / Float(repetitions)
            }
        }
        return means
    }

    /// The products at norm 1, and a random direction where there is none.
    private func units(of products: [Float], _ step: DefenseStep) -> [Float] {
        var units = products
        for (place, row) in step.rows.prefix(products.count / xDim).enumerated() {
            let range = place * xDim..<(place + 1) * xDim
            var norm = norm(Array(units[range]))
            if !(norm > 0) || !norm.isFinite {
                var stream = RandomStream(seed: seed).substream(UInt64(row))
                for entry in range { units[entry] = Float(stream.normal()) }
                norm = Training.norm(Array(units[range]))
            }
            for entry in range { units[entry] = Float(Double(units[entry]) / norm) }
        }
        return units
    }
}
