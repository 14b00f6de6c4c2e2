import Estimators
import Robustness

/// `POST …/robustness`: predict, attack, compare, encode.
enum RobustnessEndpoint {
    static func answer(
        _ request: RobustnessRequest,
        model: ModelCatalog.Entry,
        time: WorkTime,
        workers: Int
    ) throws(APIError) -> [UInt8] {
        var work = try ObservationWork<RobustnessAnswer.Assessment>(request.observations)
        let seed = request.seed ?? SeedSource.shared.next()
        var assessor = RobustnessAssessor(model.sensitivity)
        assessor.attack = request.attack
        assessor.attack.seed = seed
        assessor.attack.workers = workers
        let xDim = model.posterior.xDim
        let step = assessor.observationsPerPass(levels: request.radii.count)
        for first in stride(from: 0, to: work.usable.count, by: step) {
            let end = min(first + step, work.usable.count)
            let x = Array(work.x[first * xDim..<end * xDim])
            let reports: [RobustnessReport]
            do throws(AttackError) {
                reports = try assessor.reports(
                    on: x,
                    radii: request.radii,
                    isCancelled: { time.isUp }
                )
            } catch {
                break
            }
            for (place, report) in reports.enumerated() {
                let index = work.usable[first + place]
                guard report.fisher.trace.mean.isFinite, !report.score.isNaN else {
                    work.entries[index] = .failure(
                        .unanswerable(
                            path: request.observations.path(index),
                            reason: "the divergences of this observation are not numbers"
                        )
                    )
                    continue
                }
                model.metrics?.found(fisherTrace: report.fisher.trace.mean)
                model.metrics?.found(robustnessScore: report.score)
                let standing = ObservationStanding(
                    of: Array(x[place * xDim..<(place + 1) * xDim]),
                    trace: report.fisher.trace.mean,
                    model
                )
                work.entries[index] = .success(
                    RobustnessAnswer.Assessment(report: report, standing: standing)
                )
            }
        }
        try time.throwIfCancelled()
        try ObservationList.throwIfAlone(work.entries)
        return RobustnessAnswer(
            model: model.name,
            version: model.version,
            seed: seed,
            epsilon: request.epsilon,
            entries: work.entries
        ).encoded()
    }
}
