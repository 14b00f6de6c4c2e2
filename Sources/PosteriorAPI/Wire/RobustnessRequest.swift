import Robustness
import StrictJSON

/// The body of `POST …/robustness`.
struct RobustnessRequest {
    /// The most sizes of perturbations.
    private static let mostLevels = 16

    let observations: ObservationList
    /// The sizes as they were sent.
    let epsilon: [Double]
    /// The same in the user's units.
    let radii: [Double]
    /// How to search.
    let attack: Attack
    let seed: UInt64?

    private static let names =
        ["observations", "observation", "seed"] + AttackBudget.names + EpsilonUnit.names

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
        let expected = "a list of 1 to \(Self.mostLevels) positive numbers"
        let list = try fields.required("epsilon", expected: expected)
        guard list.value.kind == .array, (1...Self.mostLevels).contains(list.value.count) else {
            throw list.mismatch(expected)
        }
        var sizes: [(epsilon: Double, radius: Double)] = []
        for field in try list.elements() {
            sizes.append(try unit.size(field, dataScale: model.dataScale))
        }
        epsilon = sizes.map(\.epsilon)
        radii = sizes.map(\.radius)
        var attack = RobustnessAssessor.defaultAttack
        let budget = try AttackBudget(fields, &attack, model, limits)
        try limits.checkNumbers(
            "observations",
            rows: RobustnessAssessor.fisherDraws,
            width: model.scoreWidth
        )
        seed = try fields.optional("seed")?.integer(in: SampleRequest.seeds)
        try limits.checkEvaluations(
            budget.path,
            "draws (levels × restarts × steps × num_samples and those that judge)",
            RobustnessAssessor.evaluations(of: attack, levels: radii.count),
            observations: observations.count
        )
        self.attack = attack
    }
}
