/// What an attack makes large.
public enum AttackObjective: Sendable, Equatable {
    /// KL(q(· | x) ‖ q(· | x̃)): how wrong the attacked posterior is where the clean one lies.
    case klCleanAttacked
    /// KL(q(· | x̃) ‖ q(· | x)): how wrong it is where it lies itself.
    case klAttackedClean
    /// The squared maximum mean discrepancy between both posteriors, see
    /// `MaximumMeanDiscrepancy`; a component of a mixture is held where it was drawn from.
    case mmd
    /// −log q(theta | x̃) of given parameters, `[B, D]`, inside the support.
    case nll(theta: [Float])
    /// −KL(q(· | t) ‖ q(· | x̃)): nearness to the posterior of other observations t, `[B, L]`.
    case target(observations: [Float])
}
