public import Estimators
import Kernels

/// Runs attacks on a posterior, many observations at once.
///
/// A result depends on the observation, its radius, the weights and the attack's settings alone:
/// neither the batch nor the number of threads changes a bit of it.
public struct Attacker: Sendable {
    /// Searches that step together.
    private static let searchesPerPass = 512
    /// Draws between two questions whether the attack is to end: a few hundredths of a second.
    private static let drawsPerPass = 1 << 15
    /// Numbers that these draws and their scores may take.
    private static let numbersPerPass = 1 << 22

    private let sensitivity: PosteriorSensitivity

    /// Prepares a posterior.
    public init(_ posterior: Posterior) {
        self.init(PosteriorSensitivity(posterior))
    }

    /// Prepares a posterior whose sensitivity is planned already.
    package init(_ sensitivity: PosteriorSensitivity) {
        self.sensitivity = sensitivity
    }

    /// Observations that are attacked together: many enough for the lanes, few enough for memory
    /// and for an attack to end soon after it is cancelled.
    package func observationsPerPass(_ attack: Attack) -> Int {
        let draws = max(attack.restarts * attack.draws, attack.evaluationDraws)
        let width = 1 + sensitivity.thetaDim + sensitivity.contextDim
        return max(
            1,
            min(
                Self.searchesPerPass / attack.restarts,
                Self.drawsPerPass / draws,
                Self.numbersPerPass / (draws * width)
            )
        )
    }

    /// Attacks each observation.
    ///
    /// - Parameters:
    ///   - attack: How.
    ///   - observations: x, `[B, L]`, row-major; NaN is missing and stays so.
    ///   - radii: The largest perturbation of each in the user's units, `[B]`, at least 0.
    ///   - isCancelled: Asked before every step; true ends the attack.
    /// - Returns: What was found, `[B]`.
    /// - Throws: `AttackError`.
    public func outcomes(
        of attack: Attack,
        on observations: [Float],
        radii: [Double],
        isCancelled: () -> Bool = { false }
    ) throws(AttackError) -> [AttackOutcome] {
        let xDim = sensitivity.xDim
        precondition(observations.count == radii.count * xDim, "a radius for each observation")
        precondition(attack.steps > 0 && attack.draws > 0 && attack.restarts > 0)
        precondition(attack.evaluationDraws >= 2, "\(attack.evaluationDraws) evaluation draws")
        var outcomes: [AttackOutcome] = []
        let perPass = observationsPerPass(attack)
        for first in stride(from: 0, to: radii.count, by: perPass) {
            let rows = first..<min(first + perPass, radii.count)
            let pass = AttackPass(
                sensitivity: sensitivity,
                attack: attack,
                objective: try part(rows, of: attack.objective),
                observations: Array(
                    observations[(rows.lowerBound * xDim)..<(rows.upperBound * xDim)]
                ),
                radii: Array(radii[rows])
            )
            outcomes += try pass.outcomes(isCancelled: isCancelled)
        }
        return outcomes
    }

    /// The objective of some of the observations.
    private func part(
        _ rows: Range<Int>,
        of objective: AttackObjective
    ) throws(AttackError) -> ObjectiveGradient.ResolvedObjective {
        switch objective {
        case .klCleanAttacked: return .klCleanAttacked
        case .klAttackedClean: return .klAttackedClean
        case .mmd: return .mmd
        case .nll(let theta):
            let dimension = sensitivity.thetaDim
            let own = theta[(rows.lowerBound * dimension)..<(rows.upperBound * dimension)]
            let u = sensitivity.unconstrained(Array(own))
            if let place = u.firstIndex(where: { !$0.isFinite }) {
                throw .outsideSupport(observation: rows.lowerBound + place / dimension)
            }
            return .nll(u: u)
        case .target(let observations):
            let xDim = sensitivity.xDim
            return .target(
                contexts: sensitivity.contexts(
                    of: Array(
                        observations[(rows.lowerBound * xDim)..<(rows.upperBound * xDim)]
                    ),
                    workers: 1
                )
            )
        }
    }
}
