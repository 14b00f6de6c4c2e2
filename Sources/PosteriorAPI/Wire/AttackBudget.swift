import Robustness
import StrictJSON

/// How much an attack may do: the fields of a request that say so.
struct AttackBudget {
    /// The names of these fields.
    static let names = ["steps", "step_size", "restarts", "num_samples", "evaluation_samples"]

    private static let mostSteps = 10_000
    private static let mostRestarts = 64
    /// Draws of a step: what one step takes bounds how soon an attack ends.
    private static let mostDraws = 1000
    private static let mostEvaluationDraws = 10_000

    /// The field to blame where all of it together is too much.
    let path: String

    /// Reads the fields into an attack, whose method is known.
    ///
    /// A field that means nothing to the method is refused.
    init(
        _ fields: JSONFields,
        _ attack: inout Attack,
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(JSONFieldError) {
        let climbs = attack.method == .pgd || attack.method == .adaptive
        let unused: [String: String] =
            switch attack.method {
            case .pgd, .adaptive: [:]
            case .fgsm: ["steps": "", "step_size": ""]
            case .noise: ["steps": "", "step_size": "", "num_samples": ""]
            case .eigenvector: ["steps": "", "step_size": "", "num_samples": "", "restarts": ""]
            }
        for name in Self.names where unused[name] != nil {
            guard let field = fields.optional(name) else { continue }
            throw field.mismatch(
                "nothing beside \"method\": \"\(attack.method.rawValue)\", which has no \(name)"
            )
        }
        attack.steps =
            try fields.optional("steps")?.integer(in: 1...Self.mostSteps) ?? attack.steps
        attack.restarts =
            try fields.optional("restarts")?.integer(in: 1...Self.mostRestarts) ?? attack.restarts
        attack.draws =
            try fields.optional("num_samples")?
            .integer(in: 1...min(Self.mostDraws, limits.draws)) ?? attack.draws
        attack.evaluationDraws =
            try fields.optional("evaluation_samples")?
            .integer(in: 2...min(Self.mostEvaluationDraws, limits.draws)) ?? attack.evaluationDraws
        if let field = fields.optional("step_size") {
            attack.stepSize = try field.double()
            guard attack.stepSize > 0, attack.stepSize <= 2 else {
                throw field.mismatch("a number of radii above 0 and up to 2")
            }
        }
        path = climbs ? "steps" : "observations"
        try limits.checkNumbers(
            "num_samples",
            rows: attack.restarts * attack.draws,
            width: model.scoreWidth
        )
        try limits.checkNumbers(
            "evaluation_samples",
            rows: attack.evaluationDraws,
            width: model.scoreWidth
        )
    }
}
