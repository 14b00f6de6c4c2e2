public import HTTPTypes

/// A request refused before any handler saw it; each case knows its status.
///
/// The connection closes after a broken rule: where a message cannot be read in exactly one way,
/// nothing after it can be trusted either (RFC 9112 §9.3, §11.2).
public enum HTTPParseError: Error, Sendable, Hashable {
    /// A line ended in LF without CR, RFC 9112 §2.2.
    case bareLineFeed
    /// A CR stood without LF, RFC 9112 §2.2.
    case bareCarriageReturn
    /// More than one empty line stood before the request line, RFC 9112 §2.2.
    case emptyLines
    /// The request line was not `method SP request-target SP HTTP-version`, RFC 9112 §3.
    case malformedRequestLine
    /// The request line passed the limit, behind its method, RFC 9112 §3.
    case requestLineTooLong(limitBytes: Int)
    /// The method is not one this server knows, RFC 9110 §9.1.
    case unknownMethod
    /// The target held a byte or an escape that a target may not hold, RFC 9112 §3.2.
    case invalidTarget
    /// The version was not `HTTP/` DIGIT `.` DIGIT, RFC 9112 §2.3.
    case malformedVersion
    /// The major version was not 1, RFC 9110 §15.6.6.
    case unsupportedVersion
    /// A field line began with white space, RFC 9112 §2.2 and §5.2.
    case foldedLine
    /// A field line had no colon, or its name was not a token, RFC 9110 §5.1, RFC 9112 §5.1.
    case malformedFieldName
    /// A field value held a control character, RFC 9110 §5.5.
    case invalidFieldValue(name: String)
    /// A field line passed the limit, RFC 6585 §5; its name where that was seen.
    case fieldLineTooLong(name: String?, limitBytes: Int)
    /// The field lines together passed the limit, RFC 6585 §5.
    case headerSectionTooLarge(limitBytes: Int)
    /// There were too many field lines, RFC 6585 §5.
    case tooManyFields(limit: Int)
    /// A field that stands once stood twice, RFC 9110 §5.5.
    case repeatedField(name: String)
    /// An HTTP/1.1 request had no Host, RFC 9112 §3.2.
    case missingHost
    /// Host, or the authority of the target, was not `uri-host [ ":" port ]`, RFC 9112 §3.2.
    case invalidHost
    /// The host is none of those served here, RFC 9110 §7.4.
    case misdirected
    /// `X-Request-Timeout` was not a number of seconds above zero.
    case invalidTimeout
    /// A Connection field held something other than a list of tokens, RFC 9110 §7.6.1.
    case invalidConnection
    /// Transfer-Encoding and Content-Length came together, RFC 9112 §6.1.
    case conflictingLengths
    /// Transfer-Encoding came in HTTP/1.0, RFC 9112 §6.1.
    case transferEncodingInOldVersion
    /// Transfer-Encoding was neither `chunked` nor a list that ends in it, RFC 9112 §6.1.
    case invalidTransferEncoding
    /// A transfer coding before `chunked` is unknown, RFC 9112 §6.1.
    case unknownTransferCoding
    /// Content-Length was not 1 to 19 digits within 63 bits, RFC 9110 §8.6.
    case invalidContentLength
    /// A method without content announced some, RFC 9110 §9.3.1.
    case unexpectedBody(method: String)
    /// An expectation other than `100-continue`, RFC 9110 §10.1.1.
    case unknownExpectation
    /// A chunk's size line was not `1*HEXDIG [ chunk-ext ] CRLF`, RFC 9112 §7.1.
    case malformedChunkSize
    /// Chunk extensions passed the limit, RFC 9112 §7.1.1.
    case chunkExtensionTooLong(limitBytes: Int)
    /// Chunk data was not followed by CRLF, RFC 9112 §7.1.
    case malformedChunkEnd
    /// There were too many chunks, RFC 9110 §17.5.
    case tooManyChunks(limit: Int)
    /// A trailer line broke the rules of field lines, RFC 9112 §7.1.2.
    case malformedTrailer
    /// A trailer would change where the message ends or goes, RFC 9110 §6.5.1.
    case forbiddenTrailer
    /// The trailer section passed a limit, RFC 6585 §5.
    case trailersTooLarge(limitBytes: Int, limitLines: Int)
    /// The body is longer than the route accepts, RFC 9110 §15.5.14.
    case bodyTooLarge(limitBytes: Int)
    /// The header section took too long, RFC 9110 §15.5.9.
    case headerTimeout
    /// The body stood still or came too slowly, RFC 9110 §15.5.9.
    case bodyTimeout
    /// The answer was not ready in time, RFC 9110 §15.6.4.
    case computeTimeout
    /// The server has no room for the request just now, RFC 9110 §15.6.4.
    case overloaded
    /// The client has used up its share of the work for now, RFC 6585 §4.
    case rateLimited(retryAfterSeconds: Int)
    /// As many requests of the client are being worked on as may be, RFC 6585 §4.
    case tooManyAtOnce
    /// Too many wrong keys came from the client's address, RFC 6585 §4.
    case tooManyWrongKeys(retryAfterSeconds: Int)

    /// The status of the answer.
    public var status: HTTPResponse.Status {
        switch self {
        case .requestLineTooLong: .uriTooLong
        case .unknownMethod, .unknownTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        case .fieldLineTooLong, .headerSectionTooLarge, .tooManyFields, .trailersTooLarge:
            .requestHeaderFieldsTooLarge
        case .unknownExpectation: .expectationFailed
        case .bodyTooLarge: .contentTooLarge
        case .misdirected: .misdirectedRequest
        case .rateLimited, .tooManyAtOnce, .tooManyWrongKeys: .tooManyRequests
        case .headerTimeout, .bodyTimeout: .requestTimeout
        case .computeTimeout, .overloaded: .serviceUnavailable
        default: .badRequest
        }
    }

    /// Whether the request may be answered later as it is: no byte of it is wrong.
    var isTemporary: Bool {
        switch self {
        case .overloaded, .rateLimited, .tooManyAtOnce: true
        default: false
        }
    }

    /// A word for programs, the `code` of the error body.
    public var code: String {
        switch status.code {
        case 408: "request_timeout"
        case 413: "body_too_large"
        case 414: "request_line_too_long"
        case 417: "expectation_failed"
        case 421: "misdirected_request"
        case 429: "rate_limited"
        case 431: "header_fields_too_large"
        case 501: "not_implemented"
        case 503: self == .overloaded ? "overloaded" : "deadline_exceeded"
        case 505: "version_not_supported"
        default: "bad_request"
        }
    }
}

extension HTTPParseError {
    /// A sentence for people, the `message` of the error body: which rule was broken.
    public var message: String {
        switch self {
        case .bareLineFeed: "A line ends in LF; every line ends in CR LF."
        case .bareCarriageReturn: "A CR stands alone; every line ends in CR LF."
        case .emptyLines: "More than one empty line stands before the request line."
        case .malformedRequestLine:
            "The request line is not a method, a target and a version with one space between each."
        case .requestLineTooLong(let limit): "The request line is longer than \(limit) bytes."
        case .unknownMethod: "The method is not known here; methods are case-sensitive."
        case .invalidTarget: "The request target is not a valid path or URI."
        case .malformedVersion: "The version is not 'HTTP/', a digit, a dot and a digit."
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        case .foldedLine: "A header line begins with white space."
        case .malformedFieldName: "A header line has no colon right after a valid name."
        case .invalidFieldValue(let name):
            "The value of '\(Self.excerpt(name))' holds a control character."
        case .fieldLineTooLong(let name?, let limit):
            "The header line '\(Self.excerpt(name))' is longer than \(limit) bytes."
        case .fieldLineTooLong(nil, let limit): "A header line is longer than \(limit) bytes."
        case .headerSectionTooLarge(let limit): "The header is longer than \(limit) bytes."
        case .tooManyFields(let limit): "The header has more than \(limit) lines."
        case .repeatedField(let name): "'\(Self.excerpt(name))' is given more than once."
        case .missingHost: "An HTTP/1.1 request needs a Host field."
        case .invalidHost: "Host is not a name or an address with an optional port."
        case .misdirected: "This host is not served here."
        case .invalidTimeout: "X-Request-Timeout is not a number of seconds above zero."
        case .invalidConnection: "Connection is not a list of tokens."
        default: bodyMessage
        }
    }

    private var bodyMessage: String {
        switch self {
        case .conflictingLengths: "Transfer-Encoding and Content-Length exclude each other."
        case .transferEncodingInOldVersion: "HTTP/1.0 has no Transfer-Encoding."
        case .invalidTransferEncoding: "Transfer-Encoding is not exactly 'chunked'."
        case .unknownTransferCoding: "The only transfer coding known here is 'chunked'."
        case .invalidContentLength: "Content-Length is not a plain decimal number in range."
        case .unexpectedBody(let method): "A \(Self.excerpt(method)) request has no body here."
        case .unknownExpectation: "The only expectation known here is '100-continue'."
        case .malformedChunkSize: "A chunk does not begin with its size in hexadecimal digits."
        case .chunkExtensionTooLong(let limit):
            "Chunk extensions are longer than \(limit) bytes."
        case .malformedChunkEnd: "A chunk's data is not followed by CR LF."
        case .tooManyChunks(let limit): "The body has more than \(limit) chunks."
        case .malformedTrailer: "A trailer line is not a name, a colon and a value."
        case .forbiddenTrailer:
            "Content-Length, Transfer-Encoding and Host do not belong in a trailer."
        case .trailersTooLarge(let bytes, let lines):
            "The trailers pass \(bytes) bytes or \(lines) lines."
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .headerTimeout: "The header took too long to arrive."
        case .bodyTimeout: "The body took too long to arrive."
        case .computeTimeout: "The answer was not ready in time."
        case .overloaded: "The server is busy; try again later."
        case .rateLimited(let seconds):
            "This client has used up its share of the work; try again in \(seconds) s."
        case .tooManyAtOnce:
            "As many requests of this client are being worked on as may be; try again later."
        case .tooManyWrongKeys(let seconds):
            "Too many wrong keys came from this address; try again in \(seconds) s."
        default: "The request is not valid."
        }
    }

    /// The answer to send: the status, and a JSON body with `code` and `message`.
    public var response: ServerResponse {
        var fields: HTTPFields = [.contentType: "application/json"]
        switch self {
        case .rateLimited(let seconds), .tooManyWrongKeys(let seconds):
            fields[.retryAfter] = "\(seconds)"
        case .tooManyAtOnce: fields[.retryAfter] = "1"
        case _ where status == .serviceUnavailable: fields[.retryAfter] = "1"
        default: break
        }
        return ServerResponse(
            head: HTTPResponse(status: status, headerFields: fields),
            body: Array(#"{"error":{"code":"\#(code)","message":"\#(message)"}}"#.utf8)
        )
    }

    /// At most 64 characters of a token a peer sent, which are safe inside a JSON string.
    ///
    /// Of what a token may hold, RFC 9110 §5.6.2, nothing needs an escape in JSON.
    private static func excerpt(_ token: String) -> String {
        token.utf8.count <= 64 ? token : "\(token.prefix(64))…"
    }
}
