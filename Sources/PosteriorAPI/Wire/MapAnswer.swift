import Estimators
import StrictJSON

/// The answer to `POST …/map`.
struct MapAnswer {
    var model: String
    var version: Int
    var seed: UInt64
    /// How many climbs each observation had.
    var starts: Int
    var entries: [Result<PosteriorMaximum, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, seed: seed, entries) { maximum, writer in
            writer.key("theta")
            writer.numbers(maximum.theta.span)
            writer.key("log_prob")
            writer.number(maximum.logProb)
            writer.key("converged")
            writer.boolean(maximum.isConverged)
            writer.key("starts")
            writer.integer(starts)
        }
    }
}
