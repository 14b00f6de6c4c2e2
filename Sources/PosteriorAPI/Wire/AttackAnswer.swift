import Robustness
import StrictJSON

/// The answer to `POST …/attack`; `null` stands for a divergence that is no number.
struct AttackAnswer {
    /// What is said of one observation.
    struct Found {
        var outcome: AttackOutcome
        /// Which of the observations it is.
        var index: Int
    }

    var model: String
    var version: Int
    var seed: UInt64
    var radius: Double
    var observations: ObservationList
    var entries: [Result<Found, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, seed: seed, entries) { entry, writer in
            let outcome = entry.outcome
            writer.key("adversarial_observation")
            observations.write(outcome.observation, as: entry.index, to: &writer)
            writer.key("epsilon_absolute")
            writer.number(radius)
            writer.key("perturbation_norm")
            writer.number(outcome.perturbationNorm)
            writer.estimate("kl_clean_attacked", outcome.klCleanAttacked)
            writer.estimate("kl_attacked_clean", outcome.klAttackedClean)
            writer.estimate("objective", outcome.objective)
        }
    }
}

extension JSONWriter {
    /// Writes an estimate and its standard error, two members of an object.
    mutating func estimate(_ name: String, _ estimate: MonteCarloEstimate) {
        key(name)
        number(estimate.mean)
        key("\(name)_standard_error")
        number(estimate.standardError)
    }
}
