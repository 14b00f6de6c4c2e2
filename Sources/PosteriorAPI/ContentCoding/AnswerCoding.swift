import ContentCoding
import HTTPMessages
import HTTPTypes

/// How the answers to a request are coded.
struct AnswerCoding {
    /// Content of fewer bytes gains nothing by compression.
    private static let leastBytes = 1_024

    /// What the client takes.
    let accepted: AcceptEncoding

    init(_ request: HTTPRequest) {
        var values: [String] = []
        for field in request.headerFields where field.name == .acceptEncoding {
            values.append(field.value)
        }
        accepted = values.isEmpty ? .identity : AcceptEncoding(values)
    }

    /// Codes an answer as its client likes it, and says that others may get it in another way.
    func apply(to response: ServerResponse) -> ServerResponse {
        guard Self.isText(response.head) else { return response }
        guard accepted != .none || response.head.status.kind != .successful else {
            return Self.refusal
        }
        var response = response
        response.head.headerFields.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        switch accepted {
        case .identity, .none: return response
        case .gzip where response.stream == nil && response.body.count < Self.leastBytes:
            return response
        case .gzip, .gzipOnly: break
        }
        if let stream = response.stream {
            guard let coded = GzipResponseStream(stream) else { return response }
            response.stream = coded
        } else {
            guard !response.body.isEmpty, let coded = GzipStream.compress(response.body) else {
                return response
            }
            response.body = coded
        }
        response.head.headerFields.append(HTTPField(name: .contentEncoding, value: "gzip"))
        return response
    }

    /// What a client gets that takes no coding there is; one that takes more gets something else.
    static var refusal: ServerResponse {
        var response = PosteriorService.response(.notAcceptableCoding)
        response.head.headerFields.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        return response
    }

    /// Whether compression could make the content smaller: JSON and text, of any kind.
    private static func isText(_ head: HTTPResponse) -> Bool {
        for field in head.headerFields where field.name == .contentType {
            let value = field.value
            if value == "application/json" { return true }
            let type = value.prefix { $0 != ";" }
            return type.hasPrefix("text/") || type.hasPrefix("application/json")
                || type.hasSuffix("+json") || type.hasPrefix("application/openmetrics-text")
        }
        return false
    }
}
