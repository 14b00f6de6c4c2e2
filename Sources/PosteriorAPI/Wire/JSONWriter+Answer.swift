import StrictJSON

extension JSONWriter {
    /// An answer: model, version, seed where there is one, and an object for each observation.
    ///
    /// - Parameters:
    ///   - capacity: About how many bytes it will take.
    ///   - model: Name of the model that answers.
    ///   - version: Its version.
    ///   - seed: The seed of the draws.
    ///   - note: What must be known of the results, if anything.
    ///   - entries: What is to be said of each observation, or why there is nothing.
    ///   - write: Writes the members of an observation's object.
    /// - Returns: The document.
    static func answer<Entry>(
        capacity: Int = 512,
        model: String,
        version: Int,
        seed: UInt64? = nil,
        note: String? = nil,
        _ entries: [Result<Entry, APIError>],
        write: (Entry, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        writer.key("model")
        writer.string(model)
        writer.key("version")
        writer.integer(version)
        if let seed {
            writer.key("seed")
            writer.integer(seed)
        }
        if let note {
            writer.key("note")
            writer.string(note)
        }
        writer.key("results")
        writer.beginArray()
        for entry in entries {
            writer.beginObject()
            switch entry {
            case .success(let value): write(value, &writer)
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
