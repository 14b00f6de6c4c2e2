import Estimators
import Robustness
import StrictJSON

/// What an attack aims at: the objective, and what it needs for each observation.
struct AttackGoals {
    /// The objectives.
    enum Objective: String, CaseIterable {
        case klCleanAttacked = "kl_clean_attacked"
        case klAttackedClean = "kl_attacked_clean"
        case mmd
        case nll
        case target
    }

    /// The names of its fields in a request.
    static let names = ["objective", "theta", "target"]

    let objective: Objective
    /// One value for each observation where the objective needs one.
    private let values: [JSONValue]
    private let isBatch: Bool

    /// Finds the fields; `theta` and `target` belong to the objectives `nll` and `target` alone.
    init(
        _ fields: JSONFields,
        _ observations: ObservationList,
        thetaDim: Int
    ) throws(JSONFieldError) {
        let objective: Objective = try fields.choice("objective") ?? .klCleanAttacked
        self.objective = objective
        isBatch = observations.isBatch
        for (name, owner) in [("theta", Objective.nll), ("target", .target)]
        where objective != owner {
            guard let field = fields.optional(name) else { continue }
            throw field.mismatch("\"objective\": \"\(owner.rawValue)\" beside it")
        }
        guard objective == .nll || objective == .target else {
            values = []
            return
        }
        let each =
            objective == .nll
            ? NumberArrayReader.describe([thetaDim]) : observations.shape.description
        let count = observations.count
        let expected = isBatch ? "a list of \(count), for each observation \(each)" : each
        let field = try fields.required(
            objective == .nll ? "theta" : "target",
            expected: expected
        )
        guard isBatch else {
            values = [field.value]
            return
        }
        guard field.value.kind == .array, field.value.count == count, !field.value.isNumberArray
        else { throw field.mismatch(expected) }
        values = field.value.elements
    }

    /// Appends the numbers that the attack on an observation aims at, or nothing when they cannot
    /// be used.
    func append(
        _ index: Int,
        _ model: ModelCatalog.Entry,
        to numbers: inout [Float]
    ) throws(APIError) {
        let name = objective == .nll ? "theta" : "target"
        let path = isBatch ? "\(name)[\(index)]" : name
        switch objective {
        case .klCleanAttacked, .klAttackedClean, .mmd: break
        case .target: try model.xShape.append(values[index], to: &numbers) { path }
        case .nll:
            let count = numbers.count
            let dimension = model.posterior.thetaDim
            try NumberArrayReader.appendOrRestore(
                values[index],
                shape: [dimension],
                to: &numbers
            ) { path }
            guard model.posterior.isInSupport(Array(numbers[count...]))[0] else {
                numbers.removeLast(dimension)
                throw .invalidObservation(
                    .mismatch(
                        path: path,
                        expected: "parameters inside the prior's support",
                        found: "parameters outside it, whose density is zero for every x"
                    )
                )
            }
        }
    }

    /// The objective of attacks that aim at these numbers.
    func objective(_ numbers: ArraySlice<Float>) -> AttackObjective {
        switch objective {
        case .klCleanAttacked: .klCleanAttacked
        case .klAttackedClean: .klAttackedClean
        case .mmd: .mmd
        case .nll: .nll(theta: Array(numbers))
        case .target: .target(observations: Array(numbers))
        }
    }

    /// Numbers of each observation.
    func width(_ model: ModelCatalog.Entry) -> Int {
        switch objective {
        case .klCleanAttacked, .klAttackedClean, .mmd: 0
        case .nll: model.posterior.thetaDim
        case .target: model.posterior.xDim
        }
    }
}
