import HTTPMessages
import HTTPTypes
import StrictJSON

/// How pages and errors become responses.
extension PosteriorService {
    static let liveBody = Array(#"{"live":true}"#.utf8)
    static let readyBody = Array(#"{"ready":true}"#.utf8)
    static let okHead = HTTPResponse(
        status: .ok,
        headerFields: [.contentType: "application/json"]
    )

    static func response(
        _ status: HTTPResponse.Status,
        _ body: [UInt8]
    ) -> ServerResponse {
        var head = okHead
        if status != .ok { head.status = status }
        return ServerResponse(head: head, body: body)
    }

    /// An error: below `/v2` a text, as the Open Inference Protocol has it, else an object.
    static func response(_ error: APIError, to request: HTTPRequest) -> ServerResponse {
        var response = response(
            error.status,
            isOpenInference(request) ? errorText(error.message) : errorObject(error)
        )
        if let challenge = error.challenge {
            response.head.headerFields[.wwwAuthenticate] = challenge
        }
        if case .methodNotAllowed(let allowed) = error {
            response.head.headerFields[.allow] = list(allowed)
        }
        switch error {
        case .unsupportedCoding: response.head.headerFields[.acceptEncoding] = "gzip, deflate"
        case .unsupportedMediaType(_, let expected):
            response.head.headerFields[.accept] = expected.joined(separator: ", ")
        default: break
        }
        return response
    }

    /// Whether a request is one of the Open Inference Protocol.
    static func isOpenInference(_ request: HTTPRequest) -> Bool {
        let path = request.path ?? ""
        return path == "/v2" || path.hasPrefix("/v2/") || path.hasPrefix("/v2?")
    }

    static func errorText(_ message: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("error")
        writer.string(message)
        writer.endObject()
        return writer.finish()
    }

    private static func errorObject(_ error: APIError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("error")
        error.write(to: &writer)
        writer.endObject()
        return writer.finish()
    }

    static func options(_ methods: [HTTPRequest.Method]) -> ServerResponse {
        var head = HTTPResponse(status: .ok)
        head.headerFields[.allow] = list(methods)
        return ServerResponse(head: head)
    }

    private static func list(_ methods: [HTTPRequest.Method]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}

extension HTTPField.Name {
    /// What a binary answer has no place for.
    static let posteriorModel = posterior("Model")
    static let posteriorVersion = posterior("Version")
    static let posteriorSeed = posterior("Seed")

    private static func posterior(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name("Posterior-\(name)") else {
            preconditionFailure("no token")
        }
        return name
    }
}
