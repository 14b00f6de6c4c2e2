import StrictJSON

/// The answer to `POST …/log_prob`; `null` stands for −∞, a theta outside the prior.
struct LogProbAnswer {
    var model: String
    var version: Int
    var entries: [Result<[Float], APIError>]

    func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("model")
        writer.string(model)
        writer.key("version")
        writer.integer(version)
        writer.key("results")
        writer.beginArray()
        for entry in entries {
            writer.beginObject()
            switch entry {
            case .success(let values):
                writer.key("log_prob")
                writer.numbers(values.span)
            case .failure(let error):
                writer.key("error")
                error.write(to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
