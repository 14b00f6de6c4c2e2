import StrictJSON

/// The requests that look at and change which models are served.
///
/// *Reference*: Triton's "Model Repository Extension".
enum RepositoryOrder {
    /// The longest body of one, in bytes.
    static let bodyBytes = 1 << 16

    /// Carries one out.
    ///
    /// - Returns: The body of the answer.
    static func answer(
        _ order: Endpoint.Order,
        model: String,
        _ body: [UInt8],
        _ models: ServedModels
    ) throws(APIError) -> [UInt8] {
        let fields = try fields(body)
        var writer = JSONWriter()
        do {
            switch order {
            case .index:
                try fields?.refuseOthers(than: ["ready"])
                let isReady = try fields?.optional("ready")?.boolean() ?? false
                try writeIndex(models, isReady: isReady, to: &writer)
                return writer.finish()
            case .load:
                try fields?.refuseOthers(than: ["parameters"])
                let parameters = fields?.optional("parameters")
                _ = try parameters?.object()
                for member in parameters?.value.members ?? []
                where member.name == "config" || member.name.hasPrefix("file:") {
                    throw JSONFieldError.mismatch(
                        path: "parameters.\(member.name.prefix(64))",
                        expected: "nothing: models are read from the models directory alone",
                        found: member.value.summary
                    )
                }
                try models.load(model)
            case .unload:
                try fields?.refuseOthers(than: ["parameters"])
                _ = try fields?.optional("parameters")?.object()
                try models.unload(model)
            }
        } catch let error as JSONFieldError {
            throw .invalidField(error)
        } catch let error as APIError {
            throw error
        } catch {
            preconditionFailure("\(error)")
        }
        writer.beginObject()
        writer.key("name")
        writer.string(model)
        writer.key(order == .load ? "load" : "unload")
        writer.boolean(true)
        writer.endObject()
        return writer.finish()
    }

    /// The fields of a body; nil for an empty one, which is as good as an empty object.
    private static func fields(_ body: [UInt8]) throws(APIError) -> JSONFields? {
        guard !body.isEmpty else { return nil }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: body)
        } catch {
            throw .invalidJSON(error)
        }
        do throws(JSONFieldError) {
            return try JSONField(document.root, path: "").object()
        } catch {
            throw .invalidField(error)
        }
    }

    private static func writeIndex(
        _ models: ServedModels,
        isReady: Bool,
        to writer: inout JSONWriter
    ) throws(APIError) {
        writer.beginArray()
        for row in try models.index() where !isReady || row.state == .ready {
            writer.beginObject()
            writer.key("name")
            writer.string(row.name)
            if let version = row.version {
                writer.key("version")
                writer.string(String(version))
            }
            writer.key("state")
            writer.string(row.state.rawValue)
            writer.key("reason")
            writer.string(row.reason)
            writer.endObject()
        }
        writer.endArray()
    }
}
