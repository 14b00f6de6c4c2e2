import Estimators
import Robustness
import StrictJSON

/// The body of `POST …/attack`.
struct AttackRequest {
    let observations: ObservationList
    let budget: AttackBudget
    /// How to attack; what it aims at for each observation is in `goals`.
    let attack: Attack
    let seed: UInt64?
    /// r in the user's units.
    let radius: Double
    /// What each attack aims at.
    let goals: AttackGoals

    private static let names =
        ["observations", "observation", "norm", "method", "clip", "seed"]
        + AttackBudget.names + AttackGoals.names + EpsilonUnit.names

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - model: Whom it is for.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        _ model: ModelCatalog.Entry,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: Self.names)
        observations = try ObservationList(fields, shape: model.xShape, limits: limits)
        let unit = try EpsilonUnit(fields, dataScale: model.dataScale)
        let epsilon = try fields.required("epsilon", expected: "a positive number")
        radius = try unit.size(epsilon, dataScale: model.dataScale).radius
        var attack = Attack()
        attack.norm = try fields.choice("norm") ?? attack.norm
        attack.method = try fields.choice("method") ?? attack.method
        budget = try AttackBudget(fields, &attack, model, limits)
        attack.clip = try Self.clip(fields)
        goals = try AttackGoals(fields, observations, thetaDim: model.posterior.thetaDim)
        seed = try fields.optional("seed")?.integer(in: SampleRequest.seeds)
        try limits.checkEvaluations(
            budget.path,
            "draws (searches × steps × num_samples and those that judge)",
            attack.evaluations,
            observations: observations.count
        )
        self.attack = attack
    }

    private static func clip(_ fields: JSONFields) throws(JSONFieldError) -> ClosedRange<Float>? {
        guard let field = fields.optional("clip") else { return nil }
        let expected = "a list of two numbers within the range of float32, the lower first"
        let ends = try field.elements()
        guard ends.count == 2 else { throw field.mismatch(expected) }
        let (low, high) = (Float(try ends[0].double()), Float(try ends[1].double()))
        guard low.isFinite, high.isFinite, low <= high else { throw field.mismatch(expected) }
        return low...high
    }
}

extension JSONFields {
    /// One of the names of a type, where the field is there.
    func choice<Choice>(_ name: String) throws(JSONFieldError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let field = optional(name) else { return nil }
        guard let choice = try Choice(rawValue: field.string()) else {
            let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
            throw field.mismatch(
                names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
            )
        }
        return choice
    }
}
