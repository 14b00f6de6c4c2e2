public import ArgumentParser
public import Robustness

/// The flags that say how a model is attacked.
struct AttackOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Largest perturbations, in units of the data scale.",
            valueName: "ε,…"
        )
    )
    var epsilon = EpsilonList(values: [0.1, 0.2, 0.3, 0.5, 1, 2])

    @Option(help: "What a perturbation's size is measured by.")
    var norm = NormBall.l2

    @Option(
        help: """
            pgd: projected gradient ascent, as published. adaptive: with momentum and shrinking \
            steps, from the top Fisher eigenvector, and keeps the best.
            """
    )
    var method = Attack.Method.pgd

    @Option(
        help: """
            What the attack makes large: KL(q(· | x̃) ‖ q(· | x)), as published, or the other way.
            """
    )
    var objective = DivergenceObjective.klAttackedClean

    @Option(
        help: """
            without-score: gradients of divergences leave out the score, which has mean zero and is \
            most of their noise at small ε. published: they keep it.
            """
    )
    var attackGradient = Attack.Gradient.withoutScore

    @Option(help: ArgumentHelp("Gradient steps.", valueName: "n"))
    var attackSteps = 200

    @Option(help: ArgumentHelp("Draws of each step's divergence.", valueName: "n"))
    var attackDraws = 5

    @Option(help: ArgumentHelp("Searches, the best of which counts.", valueName: "n"))
    var restarts = 1

    @Option(
        help: ArgumentHelp(
            "Draws of the divergences that are reported.",
            valueName: "n"
        )
    )
    var evaluationDraws = 256

    @Option(
        help: """
            data: attacked observations stay within the smallest and the largest number of all \
            clean ones, as published.
            """
    )
    var clip = ClipOption.data

    func validate() throws {
        try require(attackSteps > 0, "--attack-steps", attackSteps, expected: "at least 1")
        try require(attackDraws > 0, "--attack-draws", attackDraws, expected: "at least 1")
        try require(
            (1...512).contains(restarts),
            "--restarts",
            restarts,
            expected: "1 to 512"
        )
        try require(
            evaluationDraws >= 2,
            "--evaluation-draws",
            evaluationDraws,
            expected: "at least 2"
        )
    }

    /// The attack, on observations whose numbers span a range.
    func attack(range: ClosedRange<Float>) -> Attack {
        var attack = Attack()
        attack.method = method
        attack.gradient = attackGradient
        attack.objective = objective.value
        attack.norm = norm
        attack.steps = attackSteps
        attack.draws = attackDraws
        attack.restarts = restarts
        attack.evaluationDraws = evaluationDraws
        attack.clip = clip == .data ? range : nil
        return attack
    }
}

/// A list of radii written with commas.
struct EpsilonList: ExpressibleByArgument {
    /// The radii, ascending.
    let values: [Double]

    /// Takes radii as they are.
    init(values: [Double]) { self.values = values }

    /// Reads up to 64 positive numbers.
    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Double($0) }.filter { $0 > 0 && $0 <= 1e6 }
        guard values.count == parts.count, values.count <= 64 else { return nil }
        self.values = Set(values).sorted()
    }

    /// How the help writes the default.
    var defaultValueDescription: String {
        values.map { "\($0)" }.joined(separator: ",")
    }
}

/// Which divergence an attack makes large.
enum DivergenceObjective: String, CaseIterable, ExpressibleByArgument {
    /// KL(q(· | x) ‖ q(· | x̃)).
    case klCleanAttacked = "kl_clean_attacked"
    /// KL(q(· | x̃) ‖ q(· | x)).
    case klAttackedClean = "kl_attacked_clean"

    /// The attack's objective.
    var value: AttackObjective {
        self == .klCleanAttacked ? .klCleanAttacked : .klAttackedClean
    }
}

/// Where attacked observations must stay.
enum ClipOption: String, CaseIterable, ExpressibleByArgument {
    /// Between the extremes of all clean observations.
    case data
    /// Anywhere.
    case none
}

extension NormBall: ExpressibleByArgument {}
extension Attack.Method: ExpressibleByArgument {}
extension Attack.Gradient: ExpressibleByArgument {}
