import Estimators
import Robustness

/// `POST …/attack`: search, measure, encode.
enum AttackEndpoint {
    static func answer(
        _ request: AttackRequest,
        model: ModelCatalog.Entry,
        time: WorkTime,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        var work = try ObservationWork<AttackAnswer.Found>(request.observations) {
            (index, numbers) throws(APIError) in
            try request.goals.append(index, model, to: &numbers)
        }
        let seed = request.seed ?? SeedSource.shared.next()
        let attacker = Attacker(model.sensitivity)
        var attack = request.attack
        attack.seed = seed
        attack.workers = workers
        let xDim = model.posterior.xDim
        let goalWidth = request.goals.width(model)
        let step = attacker.observationsPerPass(attack)
        for first in stride(from: 0, to: work.usable.count, by: step) {
            let end = min(first + step, work.usable.count)
            attack.objective = request.goals.objective(
                work.extra[first * goalWidth..<end * goalWidth]
            )
            let outcomes: [AttackOutcome]
            do throws(AttackError) {
                outcomes = try attacker.outcomes(
                    of: attack,
                    on: Array(work.x[first * xDim..<end * xDim]),
                    radii: Array(repeating: request.radius, count: end - first),
                    isCancelled: { time.isUp }
                )
            } catch {
                // Thetas outside the prior were refused before.
                break
            }
            for (index, outcome) in zip(work.usable[first..<end], outcomes) {
                let isNumber =
                    !outcome.klCleanAttacked.mean.isNaN || !outcome.klAttackedClean.mean.isNaN
                work.entries[index] =
                    isNumber
                    ? .success(AttackAnswer.Found(outcome: outcome, index: index))
                    : .failure(
                        .unanswerable(
                            path: request.observations.path(index),
                            reason: "the divergences of this observation are not numbers"
                        )
                    )
            }
        }
        try time.throwIfCancelled()
        try ObservationList.throwIfAlone(work.entries)
        return AttackAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            radius: request.radius,
            observations: request.observations,
            entries: work.entries
        ).encoded()
    }
}
