public import ContentCoding
public import Credentials
import HTTPMessages
public import HTTPTypes
public import StrictJSON

/// Everything that a request can be told is wrong with it: one table from error to answer.
public enum APIError: Error, Equatable, Sendable {
    /// The request has no key, or none that is valid.
    case unauthorized(isWrong: Bool)
    /// The request has two keys.
    case conflictingCredentials
    /// The key is not for this.
    case forbidden(Scope)
    /// No route has this path.
    case unknownPath
    /// No model has this name.
    case unknownModel(String)
    /// The model has no such version.
    case unknownVersion(model: String, versions: [Int])
    /// The route exists, for other methods.
    case methodNotAllowed(allowed: [HTTPRequest.Method])
    /// The request announces content where none belongs.
    case unexpectedBody
    /// The request says neither how long its content is nor that it comes in chunks.
    case lengthRequired
    /// The request has no content where some is needed.
    case missingBody
    /// The content is longer than the limit.
    case bodyTooLarge(limitBytes: Int)
    /// The content is announced as none of the types that the path reads.
    case unsupportedMediaType(found: String, expected: [String])
    /// The content is coded in a way that is not known here.
    case unsupportedCoding
    /// The content is not what its coding says, or expands too much.
    case undecodable(ContentDecoder.Failure)
    /// The client takes the answer in no coding that there is.
    case notAcceptableCoding
    /// The client takes none of the types there are.
    case notAcceptable(types: [String])
    /// The content is no array as NumPy writes them.
    case invalidArray(reason: String)
    /// The content is not JSON.
    case invalidJSON(JSONError)
    /// A field is missing, unknown or holds the wrong thing.
    case invalidField(JSONFieldError)
    /// One observation, or what was sent for it, cannot be used.
    case invalidObservation(JSONFieldError)
    /// The request is well-formed, but its answer is not a number.
    case unanswerable(path: String, reason: String)
    /// The work took longer than one request may take.
    case timeLimit(path: String)
    /// Nobody waits for the answer any more, as far as the connection can tell.
    case cancelled
    /// The server does not take work just now.
    case notReady(reason: String)
    /// Models are not changed by requests here.
    case modelControlOff(ModelControl)
    /// Somebody else is changing this model.
    case modelBusy(String)
    /// The files of a model cannot be served.
    case unusableModel(String, reason: String)

    /// Status and code of each error; codes are part of the API and do not change.
    private var row: (status: HTTPResponse.Status, code: String) {
        switch self {
        case .unauthorized: (.unauthorized, "unauthorized")
        case .conflictingCredentials: (.badRequest, "conflicting_credentials")
        case .forbidden: (.forbidden, "forbidden")
        case .unknownPath: (.notFound, "unknown_path")
        case .unknownModel: (.notFound, "unknown_model")
        case .unknownVersion: (.notFound, "unknown_version")
        case .methodNotAllowed: (.methodNotAllowed, "method_not_allowed")
        case .unexpectedBody: (.badRequest, "unexpected_body")
        case .lengthRequired: (.lengthRequired, "length_required")
        case .missingBody: (.badRequest, "missing_body")
        case .bodyTooLarge: (.contentTooLarge, "body_too_large")
        case .unsupportedMediaType: (.unsupportedMediaType, "unsupported_media_type")
        case .unsupportedCoding: (.unsupportedMediaType, "unsupported_content_encoding")
        case .undecodable(.tooLong), .undecodable(.tooDense): (.contentTooLarge, "body_too_large")
        case .undecodable(.cancelled): (.clientClosedRequest, "cancelled")
        case .undecodable(.noMemory): (.serviceUnavailable, "not_ready")
        case .undecodable: (.badRequest, "invalid_content_encoding")
        case .notAcceptableCoding: (.notAcceptable, "not_acceptable")
        case .notAcceptable: (.notAcceptable, "not_acceptable")
        case .invalidArray: (.badRequest, "invalid_array")
        case .invalidJSON: (.badRequest, "invalid_json")
        case .invalidField(.missing): (.badRequest, "missing_field")
        case .invalidField(.unknown): (.badRequest, "unknown_field")
        case .invalidField(.mismatch): (.badRequest, "invalid_field")
        case .invalidObservation: (.badRequest, "invalid_observation")
        case .unanswerable: (.unprocessableContent, "unanswerable")
        case .timeLimit: (.serviceUnavailable, "time_limit")
        case .cancelled: (.clientClosedRequest, "cancelled")
        case .notReady: (.serviceUnavailable, "not_ready")
        case .modelControlOff: (.badRequest, "model_control_off")
        case .modelBusy: (.conflict, "model_busy")
        case .unusableModel: (.badRequest, "unusable_model")
        }
    }

    /// The status of an answer that is nothing but this error.
    public var status: HTTPResponse.Status { row.status }

    /// The machine-readable name of the error.
    public var code: String { row.code }

    /// What is wrong, what was expected and what came.
    public var message: String {
        switch self {
        case .unauthorized(false):
            "a key is needed: Authorization: Bearer KEY, or X-API-Key: KEY"
        case .unauthorized(true): "the key is not known here, or has ended"
        case .conflictingCredentials: "the request has two different keys"
        case .forbidden(let scope): "the key has not the scope \(scope.rawValue)"
        case .unknownPath: "there is nothing at this path; GET /v1/models lists the models"
        case .unknownModel(let name):
            ModelNameText.isSafe(name)
                ? "there is no model named \(name); GET /v1/models lists the models"
                : "the path names no model; GET /v1/models lists the models"
        case .unknownVersion(let model, let versions):
            "model \(model) has no such version; it has "
                + versions.map(String.init).joined(separator: ", ")
        case .methodNotAllowed(let allowed):
            "this path allows " + allowed.map(\.rawValue).joined(separator: ", ")
        case .unexpectedBody: "a request with this method must not have a body"
        case .lengthRequired: "a body with a Content-Length is needed"
        case .missingBody: "the body is missing: expected a JSON object"
        case .bodyTooLarge(let limit): "the body is longer than the limit of \(limit) bytes"
        case .unsupportedMediaType(let found, let expected):
            "expected Content-Type: \(expected.joined(separator: " or ")), found \(found)"
        case .unsupportedCoding:
            "expected Content-Encoding: gzip or deflate, one of them, or no such field"
        case .undecodable(let failure): "the compressed body \(failure)"
        case .notAcceptableCoding:
            "Accept-Encoding excludes both gzip and the answer as it is"
        case .notAcceptable(let types): "Accept excludes " + types.joined(separator: " and ")
        case .invalidArray(let reason): "the body is not an .npy array: \(reason)"
        case .invalidJSON(let error): "the body is not valid JSON: \(error)"
        case .invalidField(let error), .invalidObservation(let error): error.description
        case .unanswerable(let path, let reason): "\(path): \(reason)"
        case .timeLimit(let path):
            "\(path): this was not reached within the time of one request; ask for less at a time"
        case .cancelled:
            "the client closed the connection before the answer was ready"
        case .notReady(let reason): reason
        case .modelControlOff(.none):
            "the server was started without --model-control; models change with a restart or SIGHUP"
        case .modelControlOff(let control):
            "the server was started with --model-control \(control.rawValue), not explicit"
        case .modelBusy(let name): "model \(name) is being loaded or unloaded; try again"
        case .unusableModel(let name, let reason): "model \(name) cannot be loaded: \(reason)"
        }
    }

    /// The part of the request that is wrong, such as `observations[0][2]`, if it is one.
    public var field: String? {
        switch self {
        case .unknownModel: "model"
        case .unknownVersion: "version"
        case .lengthRequired, .missingBody, .bodyTooLarge: "body"
        case .unsupportedMediaType: "Content-Type"
        case .unsupportedCoding, .undecodable: "Content-Encoding"
        case .notAcceptableCoding: "Accept-Encoding"
        case .notAcceptable: "Accept"
        case .invalidArray: "body"
        case .invalidJSON(let error): error.path.isEmpty ? "body" : error.path
        case .invalidField(let error), .invalidObservation(let error):
            error.path.isEmpty ? "body" : error.path
        case .unanswerable(let path, _), .timeLimit(let path): path
        case .unauthorized, .conflictingCredentials, .forbidden, .unknownPath, .methodNotAllowed,
            .unexpectedBody, .cancelled, .notReady, .modelControlOff, .modelBusy, .unusableModel:
            nil
        }
    }

    /// Writes `{"code", "message", "field"}`.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("message")
        writer.string(message)
        if let field {
            writer.key("field")
            writer.string(field)
        }
        writer.endObject()
    }
}

extension APIError {
    /// How to ask again, RFC 9110 §11.6.1 and RFC 6750 §3; nil where a key is not the matter.
    var challenge: String? {
        let realm = #"Bearer realm="posterior-server""#
        return switch self {
        case .unauthorized(false): realm
        case .unauthorized(true): realm + #", error="invalid_token""#
        case .forbidden(let scope):
            realm + #", error="insufficient_scope", scope="\#(scope.rawValue)""#
        default: nil
        }
    }
}

/// Which request text may be repeated in an answer.
private enum ModelNameText {
    /// Short and free of control characters; JSON escapes the rest.
    static func isSafe(_ name: String) -> Bool {
        name.utf8.count <= 64 && name.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 }
    }
}
