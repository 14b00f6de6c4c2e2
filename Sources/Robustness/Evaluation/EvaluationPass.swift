import Estimators
import Kernels

/// An evaluation at work: its settings, the pairs, and each part of it.
struct EvaluationPass {
    let settings: RobustnessEvaluation
    let posterior: Posterior
    let attacker: Attacker
    /// θ*, `[N, D]`.
    let theta: [Float]
    /// x, `[N, L]`.
    let observations: [Float]

    /// An attack's gradient step costs about so many draws with their densities.
    private static let gradientCost = 4.0
    /// Searches handed over at once, so that progress shows.
    private static let searchesAtOnce = 512
    /// Radii, in units of the data scale, that leave nothing of the data.
    private static let largeEpsilons = [10.0, 30]
    /// Random points of the search without gradients.
    private static let randomPoints = 200
    /// How much more the stronger attack does.
    private static let strongerSteps = 2
    private static let strongerRestarts = 5

    private var count: Int { theta.count / posterior.thetaDim }
    private var checkedCount: Int { min(settings.checkedObservations, count) }

    /// Where θ* lies in the posteriors of observations.
    func ranks(
        of x: [Float],
        phase: String,
        _ work: inout Workload
    ) throws(AttackError) -> PosteriorRanks {
        let size = Double(count * settings.coverageDraws)
        let ranks = try PosteriorRanks(
            of: theta,
            in: posterior,
            given: x,
            draws: settings.coverageDraws,
            seed: settings.attack.seed,
            workers: settings.attack.workers
        ) { [work] fraction in
            work.tell(phase, fraction, of: size)
            return work.isCancelled()
        }
        work.finish(size)
        return ranks
    }

    /// The Fisher information of each observation.
    func fisher(
        _ estimator: FisherEstimator,
        _ work: inout Workload
    ) throws(AttackError) -> [FisherInformation] {
        var estimator = estimator
        estimator.draws = settings.fisherDraws
        estimator.seed = settings.attack.seed
        estimator.workers = settings.attack.workers
        let size = Double(count * settings.fisherDraws)
        var information: [FisherInformation] = []
        for row in 0..<count {
            if work.isCancelled() { throw .cancelled }
            work.tell("Fisher information", Double(row) / Double(count), of: size)
            let start = row * posterior.xDim
            information.append(
                estimator.estimate(at: Array(observations[start..<(start + posterior.xDim)]))
            )
        }
        work.finish(size)
        return information
    }

    /// What attack and noise of one size do.
    func level(
        _ epsilon: Double,
        fisher: [FisherInformation],
        _ work: inout Workload
    ) throws(AttackError) -> RobustnessResult.Level {
        let radius = epsilon * settings.dataScale
        let name = "ε = \(epsilon)"
        let attacked = try outcomes(settings.attack, epsilon, "\(name), attack", &work)
        let noisy = try outcomes(noise(points: 1), epsilon, "\(name), noise", &work)
        return RobustnessResult.Level(
            epsilon: epsilon,
            radius: radius,
            attack: try perturbed(attacked, "\(name), attacked coverage", &work),
            noise: try perturbed(noisy, "\(name), noisy coverage", &work),
            predictedKL: ValueSummary(
                fisher.map { 0.5 * radius * radius * $0.largestEigenvalue.mean }
            ),
            score: ValueSummary(
                zip(attacked, noisy).map { attacked, noisy in
                    // A divergence that is no number is no evidence of robustness.
                    let values = [attacked.objective.mean, noisy.objective.mean]
                    guard let largest = values.filter({ !$0.isNaN }).max() else { return 0 }
                    return RobustnessReport.score(ofDivergence: largest)
                }
            )
        )
    }

    /// What outcomes mean for the posterior.
    private func perturbed(
        _ outcomes: [AttackOutcome],
        _ phase: String,
        _ work: inout Workload
    ) throws(AttackError) -> RobustnessResult.Perturbed {
        let ranks = try ranks(of: outcomes.flatMap(\.observation), phase: phase, &work)
        return RobustnessResult.Perturbed(
            klCleanAttacked: ValueSummary(outcomes.map(\.klCleanAttacked.mean)),
            klAttackedClean: ValueSummary(outcomes.map(\.klAttackedClean.mean)),
            nll: ValueSummary(ranks.logProb.map { -$0 }),
            coverage: ExpectedCoverage(ranks: ranks.density)
        )
    }

    /// Whether the attack can be believed, on the first observations.
    func checks(_ work: inout Workload) throws(AttackError) -> [MaskingCheck] {
        let epsilon = settings.checkedEpsilon
        func found(
            _ attack: Attack,
            _ epsilon: Double,
            _ name: String,
            _ work: inout Workload
        )
            throws(AttackError) -> [Double]
        {
            try outcomes(attack, epsilon, "checks, \(name)", rows: checkedCount, &work)
                .map(\.objective.mean)
        }
        let base = try found(settings.attack, epsilon, "attack", &work)
        let stronger = try found(strongerAttack, epsilon, "stronger attack", &work)
        let one = try found(noise(points: 1), epsilon, "noise", &work)
        let many = try found(noise(points: Self.randomPoints), epsilon, "random search", &work)
        let step = try found(oneStep, epsilon, "one step", &work)
        var checks = [
            MaskingCheck(.strongerAttack, epsilon: epsilon, stronger: stronger, weaker: base),
            MaskingCheck(.noise, epsilon: epsilon, stronger: base, weaker: one),
            MaskingCheck(.randomSearch, epsilon: epsilon, stronger: base, weaker: many),
            MaskingCheck(.oneStep, epsilon: epsilon, stronger: base, weaker: step),
        ]
        for large in Self.largeEpsilons {
            let values = try found(unclipped, large, "ε = \(large)", &work)
            checks.append(MaskingCheck(largeEpsilon: large, divergences: values))
        }
        return checks
    }
}

// Attacks.
extension EvaluationPass {
    /// As many random points of the ball, the best of which counts.
    private func noise(points: Int) -> Attack {
        var attack = settings.attack
        attack.method = .noise
        attack.restarts = points
        return attack
    }

    private var strongerAttack: Attack {
        var attack = settings.attack
        attack.steps *= Self.strongerSteps
        attack.restarts *= Self.strongerRestarts
        return attack
    }

    private var oneStep: Attack {
        var attack = settings.attack
        attack.method = .fgsm
        attack.restarts = 1
        return attack
    }

    /// Without bounds on x, which would keep a large ball from mattering.
    private var unclipped: Attack {
        var attack = settings.attack
        attack.clip = nil
        return attack
    }

    /// Attacks the first observations, or all.
    private func outcomes(
        _ attack: Attack,
        _ epsilon: Double,
        _ phase: String,
        rows: Int? = nil,
        _ work: inout Workload
    ) throws(AttackError) -> [AttackOutcome] {
        let rows = rows ?? count
        let radius = epsilon * settings.dataScale
        let chunk = max(1, Self.searchesAtOnce / attack.restarts)
        let steps = Double(attack.gradientSteps + 1)
        let size = cost(of: attack, rows: rows)
        var outcomes: [AttackOutcome] = []
        for first in stride(from: 0, to: rows, by: chunk) {
            let part = first..<min(first + chunk, rows)
            var asked = 0.0
            outcomes += try attacker.outcomes(
                of: attack,
                on: Array(
                    observations[
                        (part.lowerBound * posterior.xDim)..<(part.upperBound * posterior.xDim)
                    ]
                ),
                radii: part.map { _ in radius }
            ) { [work] in
                let done = Double(first) + min(asked / steps, 1) * Double(part.count)
                work.tell(phase, done / Double(rows), of: size)
                asked += 1
                return work.isCancelled()
            }
        }
        work.finish(size)
        return outcomes
    }
}

// How much there is to do.
extension EvaluationPass {
    /// Draws, roughly, that the whole evaluation costs.
    var totalWork: Double {
        let levels = Double(settings.epsilons.count)
        let coverage = Double(count * settings.coverageDraws)
        let attacks =
            cost(of: settings.attack, rows: count) + cost(of: noise(points: 1), rows: count)
        var total = Double(count * settings.fisherDraws) + coverage
        total += levels * (2 * coverage + attacks)
        guard settings.checkedObservations > 0 else { return total }
        let checks =
            [
                settings.attack, strongerAttack, noise(points: 1),
                noise(points: Self.randomPoints), oneStep,
            ] + Self.largeEpsilons.map { _ in unclipped }
        return checks.reduce(total) { $0 + cost(of: $1, rows: checkedCount) }
    }

    /// Draws, roughly, that an attack costs.
    private func cost(of attack: Attack, rows: Int) -> Double {
        let steps = Double(attack.gradientSteps * attack.draws * attack.restarts)
        let judged = Double(
            attack.evaluationDraws * (attack.restarts > 1 ? attack.restarts + 2 : 2)
        )
        return Double(rows) * (steps * Self.gradientCost + judged)
    }
}

extension Attack {
    /// Gradient steps of one search.
    fileprivate var gradientSteps: Int {
        switch method {
        case .pgd, .adaptive: steps
        case .fgsm: 1
        case .eigenvector, .noise: 0
        }
    }
}

extension RobustnessEvaluation {
    /// The radius at which the attack is checked: the one nearest to half the data scale.
    var checkedEpsilon: Double { epsilons.min { abs($0 - 0.5) < abs($1 - 0.5) } ?? 0.5 }
}
