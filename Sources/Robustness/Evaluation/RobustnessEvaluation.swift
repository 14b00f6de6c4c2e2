public import Estimators
import Kernels

/// Measures what a posterior can be trusted with, on simulations it was not trained on.
///
/// Calibration on clean observations; then, at every radius of a grid, how far an attack and random
/// noise move the posterior and what becomes of its coverage; last, whether the attack can be
/// believed.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984, section 5.
public struct RobustnessEvaluation: Sendable {
    /// Radii of perturbations in units of the data scale, ascending.
    public var epsilons = [0.1, 0.2, 0.3, 0.5, 1, 2]
    /// The unit of the radii, in the user's units of x.
    public var dataScale = 1.0
    /// The attack, whose objective is one of the two divergences; its seed is that of everything
    /// drawn, and its workers those of everything computed.
    public var attack: Attack = {
        var attack = Attack()
        attack.objective = .klAttackedClean
        return attack
    }()
    /// Draws that coverage and ranks are taken among.
    public var coverageDraws = 2000
    /// Draws of the Fisher information.
    public var fisherDraws = 1000
    /// Observations that the attack is checked on; 0 leaves the checks out.
    public var checkedObservations = 100

    /// The published protocol on fewer observations.
    public init() {}

    /// Measures.
    ///
    /// A result depends on the posterior, the pairs and the settings alone, not on the number of
    /// threads.
    ///
    /// - Parameters:
    ///   - posterior: The posterior.
    ///   - theta: The parameters observations were made from, `[N, D]`.
    ///   - observations: x, `[N, L]`, two or more.
    ///   - progress: Told how far it has come.
    ///   - isCancelled: Asked before every step; true ends it.
    /// - Returns: What was found.
    /// - Throws: `AttackError.cancelled`.
    public func result(
        of posterior: Posterior,
        theta: [Float],
        observations: [Float],
        progress: @escaping (EvaluationProgress) -> Void = { _ in },
        isCancelled: @escaping () -> Bool = { false }
    ) throws(AttackError) -> RobustnessResult {
        precondition(attack.objective.isDivergence, "\(attack.objective) is no divergence")
        let count = theta.count / posterior.thetaDim
        precondition(
            count >= 2 && checkedObservations != 1,
            "an evaluation on \(count) observations, \(checkedObservations) of them checked"
        )
        let sensitivity = PosteriorSensitivity(posterior)
        let pass = EvaluationPass(
            settings: self,
            posterior: posterior,
            attacker: Attacker(sensitivity),
            theta: theta,
            observations: observations
        )
        var work = Workload(total: pass.totalWork, report: progress, isCancelled: isCancelled)
        let clean = try pass.ranks(of: observations, phase: "clean coverage", &work)
        let fisher = try pass.fisher(FisherEstimator(sensitivity), &work)
        var levels: [RobustnessResult.Level] = []
        for epsilon in epsilons {
            levels.append(try pass.level(epsilon, fisher: fisher, &work))
        }
        return RobustnessResult(
            observations: count,
            nll: MonteCarloEstimate(clean.logProb.map { -$0 }),
            coverage: ExpectedCoverage(ranks: clean.density),
            calibration: SimulationBasedCalibration(
                ranks: clean.marginal,
                dimension: posterior.thetaDim
            ),
            fisherTrace: ValueSummary(fisher.map(\.trace.mean)),
            largestEigenvalue: ValueSummary(fisher.map(\.largestEigenvalue.mean)),
            levels: levels,
            checks: checkedObservations > 0 ? try pass.checks(&work) : []
        )
    }
}

extension AttackObjective {
    /// Whether it is a divergence of the attacked posterior and the clean one.
    var isDivergence: Bool { self == .klCleanAttacked || self == .klAttackedClean }
}

/// How far an evaluation has come.
public struct EvaluationProgress: Sendable, Equatable {
    /// What is being measured, in a few words.
    public let phase: String
    /// The share of the work that is done, from 0 to 1.
    public let fraction: Double
}

/// Work that is done bit by bit, in units of a draw with its density.
struct Workload {
    private let total: Double
    private let report: (EvaluationProgress) -> Void
    let isCancelled: () -> Bool
    private var done = 0.0

    init(
        total: Double,
        report: @escaping (EvaluationProgress) -> Void,
        isCancelled: @escaping () -> Bool
    ) {
        self.total = total
        self.report = report
        self.isCancelled = isCancelled
    }

    /// Tells how far a piece of work of this size has come.
    func tell(_ phase: String, _ share: Double, of work: Double) {
        report(EvaluationProgress(phase: phase, fraction: min((done + share * work) / total, 1)))
    }

    /// Counts a piece of work as done.
    mutating func finish(_ work: Double) { done += work }
}
