/// A search for the perturbation of an observation that moves its posterior most.
///
/// What is found is evidence, not proof: another attack may find more.
public struct Attack: Sendable, Equatable {
    /// How the perturbation is searched for.
    public enum Method: String, Sendable, CaseIterable {
        /// Projected gradient ascent with normalised steps of one size from a random point of the
        /// ball; the last iterate counts.
        ///
        /// *Reference*: Madry, Makelov, Schmidt, Tsipras, Vladu (2018), arXiv:1706.06083; settings
        /// of Glöckler et al. (2023), arXiv:2305.14984.
        case pgd
        /// The same with momentum and steps that shrink along a cosine, from both ends of the top
        /// Fisher eigenvector first and random points after; the last iterate counts.
        ///
        /// *Reference*: Dong et al. (2018), Boosting Adversarial Attacks with Momentum,
        /// arXiv:1710.06081; after the idea of Croce and Hein (2020), arXiv:2003.01690.
        case adaptive
        /// One normalised step to the surface of the ball.
        ///
        /// *Reference*: Goodfellow, Shlens, Szegedy (2015), arXiv:1412.6572.
        case fgsm
        /// The better end of the top Fisher eigenvector.
        case eigenvector
        /// A random point of the ball.
        case noise
    }

    /// What becomes of the score ∂ log q(θ | x̃) / ∂x̃ in the estimated gradient of a divergence.
    public enum Gradient: String, Sendable, CaseIterable {
        /// It is left out, having mean zero: with few draws it is most of the noise at small radii.
        ///
        /// *Reference*: Roeder, Wu, Duvenaud (2017), Sticking the Landing, arXiv:1703.09194.
        case withoutScore = "without-score"
        /// It stays, as in the published attack.
        case published
    }

    /// How to search.
    public var method = Method.pgd
    /// How a divergence's gradient is estimated.
    public var gradient = Gradient.withoutScore
    /// What to make large.
    public var objective = AttackObjective.klCleanAttacked
    /// What is a small perturbation.
    public var norm = NormBall.l2
    /// Gradient steps.
    public var steps = 200
    /// Draws of each step's estimate of the objective.
    public var draws = 5
    /// The size of a step in units of the radius; the first one's where steps shrink.
    public var stepSize = 0.1
    /// Independent searches, the best of which counts.
    public var restarts = 1
    /// Where attacked observations must stay, in the user's units.
    public var clip: ClosedRange<Float>?
    /// Draws of the estimates that judge what was found.
    public var evaluationDraws = 256
    /// The seed of everything drawn.
    public var seed: UInt64 = 0
    /// How many threads may take part; the result does not depend on it.
    public var workers = 1

    /// Draws and densities that the search on one observation takes, and the judgement of what it
    /// finds.
    package var evaluations: Int {
        let searches = method == .eigenvector ? 2 : restarts
        let climbed =
            switch method {
            case .pgd, .adaptive: steps * draws
            case .fgsm: draws
            case .eigenvector, .noise: 0
            }
        return searches * (climbed + evaluationDraws) + 2 * evaluationDraws
    }

    /// The published attack on KL(q(· | x) ‖ q(· | x̃)).
    public init() {}
}

/// What an attack found for one observation.
public struct AttackOutcome: Sendable, Equatable {
    /// x̃, `[L]`.
    public var observation: [Float]
    /// The norm of x̃ − x.
    public var perturbationNorm: Double
    /// KL(q(· | x) ‖ q(· | x̃)).
    public var klCleanAttacked: MonteCarloEstimate
    /// KL(q(· | x̃) ‖ q(· | x)).
    public var klAttackedClean: MonteCarloEstimate
    /// The objective at x̃.
    public var objective: MonteCarloEstimate
}
