import Robustness
import StrictJSON

/// The answer to `POST …/robustness`.
struct RobustnessAnswer {
    /// What is said of one observation.
    struct Assessment {
        var report: RobustnessReport
        var standing: ObservationStanding
    }

    /// What every reader of a score must know.
    private static let note =
        "attack_kl and score come from attacks that were searched for: evidence, not proof"

    var model: String
    var version: Int
    var seed: UInt64
    /// The sizes as they were sent.
    var epsilon: [Double]
    var entries: [Result<Assessment, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(
            model: model,
            version: version,
            seed: seed,
            note: Self.note,
            entries
        ) { entry, writer in
            let report = entry.report
            writer.key("score")
            writer.number(report.score)
            writer.estimate("fisher_trace", report.fisher.trace)
            writer.estimate("largest_eigenvalue", report.fisher.largestEigenvalue)
            writer.key("levels")
            writer.beginArray()
            for (epsilon, level) in zip(epsilon, report.levels) {
                writer.beginObject()
                write(level, epsilon, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.key("parameter_shift")
            writer.numbers(report.parameterShift)
            entry.standing.write(to: &writer)
        }
    }

    private func write(
        _ level: RobustnessReport.Level,
        _ epsilon: Double,
        to writer: inout JSONWriter
    ) {
        writer.key("epsilon")
        writer.number(epsilon)
        writer.key("epsilon_absolute")
        writer.number(level.radius)
        writer.key("predicted_kl")
        writer.number(level.predictedKL)
        writer.key("trace_bound_kl")
        writer.number(level.traceBoundKL)
        writer.estimate("attack_kl", level.attackKL)
        writer.estimate("noise_kl", level.noiseKL)
        writer.key("score")
        writer.number(level.score)
    }
}
