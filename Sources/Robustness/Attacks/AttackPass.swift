import Estimators
import Foundation
import Kernels

/// The searches of one attack that step together: every restart of some observations.
///
/// Row r of the searches is restart r mod restarts of observation r / restarts.
struct AttackPass {
    private let sensitivity: PosteriorSensitivity
    private let attack: Attack
    private let objective: ObjectiveGradient
    /// x of each observation, `[B, L]`.
    private let observations: [Float]
    private let radii: [Double]
    /// Contexts of the clean observations, `[B, C]`.
    private let contexts: [Float]
    /// What keys an observation's noise, `[B]`.
    private let seeds: [UInt64]

    private static let momentum = 0.75
    private static let fisherDraws = 256
    /// Steps that keys of judgements are counted as.
    private static let judgement = UInt32.max
    private static let report = UInt32.max - 1

    private var xDim: Int { sensitivity.xDim }
    private var restarts: Int { attack.restarts }
    private var count: Int { radii.count }

    /// Prepares the searches.
    init(
        sensitivity: PosteriorSensitivity,
        attack: Attack,
        objective: ObjectiveGradient.ResolvedObjective,
        observations: [Float],
        radii: [Double]
    ) {
        self.sensitivity = sensitivity
        self.attack = attack
        self.observations = observations
        self.radii = radii
        contexts = sensitivity.contexts(of: observations, workers: attack.workers)
        let xDim = sensitivity.xDim
        seeds = radii.indices.map { row in
            let words = NoiseKey(
                seed: attack.seed,
                observation: observations[(row * xDim)..<((row + 1) * xDim)]
            ).words
            return UInt64(words[1]) << 32 | UInt64(words[0])
        }
        self.objective = ObjectiveGradient(
            sensitivity: sensitivity,
            objective: objective,
            clean: contexts,
            estimator: attack.gradient,
            workers: attack.workers
        )
    }

    /// Searches, judges, and measures what was found.
    func outcomes(isCancelled: () -> Bool) throws(AttackError) -> [AttackOutcome] {
        var found: [Float]
        switch attack.method {
        case .noise:
            found = try best(
                of: attacked(randomStarts()),
                restarts: restarts,
                isCancelled: isCancelled
            )
        case .eigenvector:
            found = try best(
                of: attacked(eigenvectors(signs: 2, isCancelled: isCancelled)),
                restarts: 2,
                isCancelled: isCancelled
            )
        case .fgsm, .pgd, .adaptive:
            found = try best(
                of: climbed(isCancelled: isCancelled),
                restarts: restarts,
                isCancelled: isCancelled
            )
        }
        if isCancelled() { throw .cancelled }
        if !isNeverBelowClean {
            found = try best(of: interleaved(found), restarts: 2, isCancelled: isCancelled)
        }
        return measured(found)
    }

    /// Divergences of a posterior from itself are zero, the least they can be.
    private var isNeverBelowClean: Bool {
        switch objective.objective {
        case .klCleanAttacked, .klAttackedClean: true
        case .mmd, .nll, .target: false
        }
    }

    /// The key of a step's noise, the same for every restart.
    private func keys(step: UInt32, restarts: Int) -> [NoiseKey] {
        seeds.flatMap { seed in
            let key = NoiseKey(seed: seed, observation: [Float(bitPattern: step)])
            return Array(repeating: key, count: restarts)
        }
    }
}

// Starts.
extension AttackPass {
    /// Points drawn uniformly from each ball, `[R, L]`.
    private func randomStarts() -> [Float] {
        (0..<count).flatMap { row in
            (0..<restarts).flatMap { restart in
                var stream = RandomStream(seed: seeds[row], stream: UInt64(restart))
                return attack.norm.draw(dimension: xDim, radius: radii[row], using: &stream)
            }
        }
    }

    /// The top Fisher eigenvector of each observation, as long as the radius, with both signs.
    ///
    /// Observations that follow on each other and are the same, as those attacked with several
    /// radii are, share one estimate.
    private func eigenvectors(
        signs: Int,
        isCancelled: () -> Bool
    ) throws(AttackError) -> [Float] {
        var estimator = FisherEstimator(sensitivity)
        estimator.draws = Self.fisherDraws
        estimator.seed = attack.seed
        estimator.workers = attack.workers
        var ends: [Float] = []
        var last: (bits: [UInt32], unit: [Float])?
        for row in 0..<count {
            let x = Array(observations[(row * xDim)..<((row + 1) * xDim)])
            let bits = x.map(\.bitPattern)
            if last?.bits != bits {
                if isCancelled() { throw .cancelled }
                let direction = estimator.estimate(at: x).direction.map(Float.init)
                last = (
                    bits, attack.norm == .l2 ? direction : attack.norm.steepest(direction[...])
                )
            }
            let radius = Float(radii[row])
            for sign in 0..<signs {
                ends += (last?.unit ?? []).map { (sign == 0 ? radius : -radius) * $0 }
            }
        }
        return ends
    }

    /// Where an adaptive search begins: both ends of the eigenvector, then random points.
    private func adaptiveStarts(isCancelled: () -> Bool) throws(AttackError) -> [Float] {
        var starts = randomStarts()
        let ends = try eigenvectors(signs: 2, isCancelled: isCancelled)
        let width = 2 * xDim
        if restarts == 1 {
            let better = try best(of: attacked(ends), restarts: 2, isCancelled: isCancelled)
            for place in starts.indices {
                // The perturbation as it is after clipping.
                let delta = better[place] - observations[place]
                starts[place] = delta.isNaN ? 0 : delta
            }
            return starts
        }
        for row in 0..<count {
            for place in 0..<width {
                starts[row * restarts * xDim + place] = ends[row * width + place]
            }
        }
        return starts
    }
}

// Searches.
extension AttackPass {
    /// The attacked observations at the end of the searches, `[R, L]`.
    private func climbed(isCancelled: () -> Bool) throws(AttackError) -> [Float] {
        var delta =
            attack.method == .adaptive
            ? try adaptiveStarts(isCancelled: isCancelled) : randomStarts()
        if attack.method == .fgsm {
            // At the clean observation a divergence has no gradient.
            for place in delta.indices { delta[place] *= 0.1 }
        }
        let gradient = ObjectiveGradient(
            sensitivity: sensitivity,
            objective: repeated(objective.objective),
            clean: repeated(contexts, width: sensitivity.contextDim),
            estimator: attack.gradient,
            workers: attack.workers
        )
        var velocity = [Float](repeating: 0, count: delta.count)
        let steps = attack.method == .fgsm ? 1 : attack.steps
        for step in 0..<steps {
            if isCancelled() { throw .cancelled }
            let x = attacked(delta)
            let slope = pulledBack(
                gradient.gradient(
                    at: sensitivity.contexts(of: x, workers: attack.workers),
                    draws: attack.draws,
                    keys: keys(step: UInt32(step), restarts: restarts)
                ),
                at: x
            )
            for row in 0..<(count * restarts) {
                let part = (row * xDim)..<((row + 1) * xDim)
                let radius = radii[row / restarts]
                var direction = attack.norm.steepest(slope[part])
                var length = stepSize(step, of: steps) * radius
                switch attack.method {
                case .adaptive:
                    for (place, value) in zip(part, direction) {
                        velocity[place] = Float(Self.momentum) * velocity[place] + value
                    }
                    direction = attack.norm.steepest(velocity[part])
                case .fgsm:
                    for place in part { delta[place] = 0 }
                    length = radius
                case .pgd, .eigenvector, .noise: break
                }
                for (place, value) in zip(part, direction) {
                    delta[place] += Float(length) * value
                }
                constrain(&delta[part], row: row)
            }
        }
        return attacked(delta)
    }

    /// A step's size in units of the radius.
    private func stepSize(_ step: Int, of steps: Int) -> Double {
        guard attack.method == .adaptive else { return attack.stepSize }
        let share = 0.5 * (1 + cos(Double.pi * Double(step) / Double(steps)))
        return 2 * attack.stepSize * max(share, 0.01)
    }

    /// A cotangent of the contexts `[R, C]` as a gradient by x `[R, L]`, zero where x is missing.
    private func pulledBack(_ cotangents: [Float], at x: [Float]) -> [Float] {
        var gradient = sensitivity.pullback(cotangents, at: x, workers: attack.workers)
        for place in gradient.indices where x[place].isNaN { gradient[place] = 0 }
        return gradient
    }

    /// Keeps x + δ in the box and δ in the ball; both hold the clean observation.
    private func constrain(_ delta: inout ArraySlice<Float>, row: Int) {
        if let clip = attack.clip {
            let start = row / restarts * xDim - delta.startIndex
            for place in delta.indices {
                let x = observations[start + place]
                let low = min(clip.lowerBound, x) - x
                let high = max(clip.upperBound, x) - x
                if x.isNaN { continue }
                delta[place] = min(max(delta[place], low), high)
            }
        }
        attack.norm.project(&delta, radius: radii[row / restarts])
    }

    /// x + δ for perturbations of every observation, equally many of each, kept where they may be.
    private func attacked(_ delta: [Float]) -> [Float] {
        let copies = delta.count / observations.count
        var x = repeated(observations, width: xDim, times: copies)
        for place in x.indices { x[place] += delta[place] }
        guard let clip = attack.clip else { return x }
        for row in 0..<(count * copies) {
            for place in 0..<xDim {
                let clean = observations[row / copies * xDim + place]
                let value = x[row * xDim + place]
                guard !clean.isNaN else { continue }
                x[row * xDim + place] = min(
                    max(value, min(clip.lowerBound, clean)),
                    max(clip.upperBound, clean)
                )
            }
        }
        return x
    }

    /// Each row of a table several times in a row.
    private func repeated(_ rows: [Float], width: Int, times: Int? = nil) -> [Float] {
        let times = times ?? restarts
        guard times > 1 else { return rows }
        return stride(from: 0, to: rows.count, by: width).flatMap { start in
            (0..<times).flatMap { _ in rows[start..<(start + width)] }
        }
    }

    private func repeated(
        _ objective: ObjectiveGradient.ResolvedObjective
    ) -> ObjectiveGradient.ResolvedObjective {
        switch objective {
        case .klCleanAttacked, .klAttackedClean, .mmd: objective
        case .nll(let u): .nll(u: repeated(u, width: sensitivity.thetaDim))
        case .target(let contexts):
            .target(contexts: repeated(contexts, width: sensitivity.contextDim))
        }
    }
}

// Judgement.
extension AttackPass {
    /// The candidate with the largest objective of each observation, `[B, L]`.
    private func best(
        of candidates: [Float],
        restarts: Int,
        isCancelled: () -> Bool
    ) throws(AttackError) -> [Float] {
        guard restarts > 1 else { return candidates }
        let keys = keys(step: Self.judgement, restarts: 1)
        var best = [Float](repeating: 0, count: count * xDim)
        var values = [Double](repeating: .nan, count: count)
        for restart in 0..<restarts {
            if isCancelled() { throw .cancelled }
            let own = (0..<count).flatMap { row in
                let start = (row * restarts + restart) * xDim
                return candidates[start..<(start + xDim)]
            }
            let judged = objective.values(
                at: sensitivity.contexts(of: own, workers: attack.workers),
                draws: attack.evaluationDraws,
                keys: keys
            )
            for row in 0..<count
            // A value that is no number is no success.
            where restart == 0 || judged[row].mean > values[row] || values[row].isNaN {
                let part = (row * xDim)..<((row + 1) * xDim)
                best.replaceSubrange(part, with: own[part])
                values[row] = judged[row].mean
            }
        }
        return best
    }

    /// The clean observation and what was found, by turns.
    private func interleaved(_ found: [Float]) -> [Float] {
        (0..<count).flatMap { row in
            let part = (row * xDim)..<((row + 1) * xDim)
            return observations[part] + found[part]
        }
    }

    /// Divergences and objective at what was found, by draws that chose nothing.
    private func measured(_ found: [Float]) -> [AttackOutcome] {
        let attacked = sensitivity.contexts(of: found, workers: attack.workers)
        let keys = keys(step: Self.report, restarts: 1)
        let divergence = KullbackLeibler(
            sensitivity: sensitivity,
            draws: attack.evaluationDraws,
            workers: attack.workers
        )
        let cleanAttacked = divergence.estimates(of: contexts, from: attacked, keys: keys)
        let attackedClean = divergence.estimates(of: attacked, from: contexts, keys: keys)
        let values: [MonteCarloEstimate] =
            switch objective.objective {
            case .klCleanAttacked: cleanAttacked
            case .klAttackedClean: attackedClean
            case .mmd, .nll, .target:
                objective.values(at: attacked, draws: attack.evaluationDraws, keys: keys)
            }
        return (0..<count).map { row in
            let part = (row * xDim)..<((row + 1) * xDim)
            let delta = zip(found[part], observations[part]).map { new, old in
                let moved = new - old
                return moved.isNaN ? 0 : moved
            }
            return AttackOutcome(
                observation: Array(found[part]),
                perturbationNorm: attack.norm.norm(delta),
                klCleanAttacked: cleanAttacked[row],
                klAttackedClean: attackedClean[row],
                objective: values[row]
            )
        }
    }
}
