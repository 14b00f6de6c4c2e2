import StrictJSON

/// The answer to `POST …/log_prob`; `null` stands for −∞, a theta outside the prior.
struct LogProbAnswer {
    var model: String
    var version: Int
    var entries: [Result<[Float], APIError>]

    func encoded() -> [UInt8] {
        JSONWriter.answer(model: model, version: version, entries) { values, writer in
            writer.key("log_prob")
            writer.numbers(values.span)
        }
    }
}
