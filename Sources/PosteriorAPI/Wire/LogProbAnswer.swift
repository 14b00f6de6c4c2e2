import Estimators
import StrictJSON

/// The answer to `POST …/log_prob`; `null` stands for −∞, a theta outside the prior.
struct LogProbAnswer {
    /// What is said of one observation.
    struct Densities {
        /// The log densities, `[S]`.
        var logProb: [Float]
        /// What they were divided by, if they were.
        var rate: AcceptanceRate?
    }

    var model: String
    var version: Int
    var entries: [Result<Densities, APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, entries) { densities, writer in
            writer.key("log_prob")
            writer.numbers(densities.logProb.span)
            densities.rate?.write(to: &writer)
        }
    }
}

extension AcceptanceRate {
    /// Writes the rate and the standard errors of it and of its logarithm.
    func write(to writer: inout JSONWriter) {
        writer.key("acceptance_rate")
        writer.number(value)
        writer.key("acceptance_rate_standard_error")
        writer.number(standardError)
        writer.key("log_acceptance_rate_standard_error")
        writer.number(logStandardError)
    }
}
