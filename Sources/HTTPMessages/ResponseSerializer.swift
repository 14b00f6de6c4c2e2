public import HTTPTypes

/// Writes answers: status line, fields and, where it is small, content.
///
/// `Date`, `Server`, `Content-Length`, `Transfer-Encoding`, `Connection`, `X-Request-Id` and
/// `traceparent` are the connection's to write; a response that brings them has them left out. What
/// could break out of its line never reaches the wire: names that are not tokens are left out, and a control character in a
/// value or a reason becomes a space (RFC 9112 §11.1).
///
/// *Reference*: RFC 9112 §4, §6; RFC 9110 §6.4.1, §6.6.1, §8.6.
public struct ResponseSerializer: Sendable {
    /// The interim answer to `Expect: 100-continue`, RFC 9110 §15.2.1.
    public static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static let okLine = Array("HTTP/1.1 200 OK\r\n".utf8)
    private static let contentLength = Array("Content-Length: ".utf8)
    private static let chunked = Array("Transfer-Encoding: chunked\r\n".utf8)
    private static let requestID = Array("X-Request-Id: ".utf8)
    private static let traceparent = Array("traceparent: ".utf8)
    private static let close = Array("Connection: close\r\n".utf8)

    /// A browser takes content for nothing else than what its type says.
    private static let everyAnswer =
        "Server: posterior-server\r\nX-Content-Type-Options: nosniff\r\n"
    /// For half a year a browser should come back encrypted only, RFC 6797 §6.1.
    private static let strictTransport = "Strict-Transport-Security: max-age=15768000\r\n"

    private let isSecure: Bool
    private var second = Int.min
    /// The lines that every answer has, made once a second.
    private var fixedLines: [UInt8] = []

    /// Makes a serialiser; it has no time until `setTime` is called.
    ///
    /// - Parameter isSecure: Whether its connections are encrypted.
    public init(isSecure: Bool = false) {
        self.isSecure = isSecure
        setTime(secondsSinceEpoch: 0)
    }

    /// Sets the time that `Date` shows.
    public mutating func setTime(secondsSinceEpoch: Int) {
        guard secondsSinceEpoch != second else { return }
        second = secondsSinceEpoch
        let date = HTTPDate.text(secondsSinceEpoch: secondsSinceEpoch)
        fixedLines = Array("Date: \(date)\r\n\(Self.everyAnswer)".utf8)
        if isSecure { fixedLines.append(contentsOf: Self.strictTransport.utf8) }
    }

    /// Appends the head of a final answer, from the status line to the empty line.
    ///
    /// - Parameters:
    ///   - head: Status and fields; a status below 200 is not final and is sent as 500.
    ///   - framing: How the end of the content is found, or of what GET would have sent; `none`
    ///     is the end of the connection.
    ///   - closes: Whether the connection closes after it.
    ///   - context: Names the request, and its trace if it has one.
    ///   - output: Where the bytes go.
    /// - Returns: Whether content may follow; 204 and 304 have none.
    public func appendHead(
        _ head: HTTPResponse,
        framing: BodyFraming,
        closes: Bool,
        context: RequestContext?,
        to output: inout [UInt8]
    ) -> Bool {
        let status = head.status
        let code = status.code < 200 ? 500 : status.code
        if code == 200 {
            output.append(contentsOf: Self.okLine)
        } else {
            output.append(contentsOf: "HTTP/1.1 ".utf8)
            Self.append(code, to: &output)
            output.append(HTTPGrammar.space)
            Self.appendValue(status.code < 200 ? "" : status.reasonPhrase, to: &output)
            Self.endLine(&output)
        }
        output.append(contentsOf: fixedLines)
        for field in head.headerFields {
            Self.append(field, to: &output)
        }
        let hasContent = code != 204 && code != 304
        if hasContent {
            switch framing {
            case .length(let contentLength):
                output.append(contentsOf: Self.contentLength)
                Self.append(contentLength, to: &output)
                Self.endLine(&output)
            case .chunked: output.append(contentsOf: Self.chunked)
            case .none: break
            }
        }
        if let context {
            output.append(contentsOf: Self.requestID)
            Self.appendValue(context.id, to: &output)
            Self.endLine(&output)
            if let trace = context.trace {
                output.append(contentsOf: Self.traceparent)
                output.append(contentsOf: trace.traceparent.utf8)
                Self.endLine(&output)
            }
        }
        if closes {
            output.append(contentsOf: Self.close)
        }
        Self.endLine(&output)
        return hasContent
    }

    private static func append(_ field: HTTPField, to output: inout [UInt8]) {
        switch field.name {
        case .contentLength, .transferEncoding, .connection, .date, .server, .requestID,
            .traceparent:
            return
        default: break
        }
        let name = field.name.rawName
        for byte in name.utf8 where !HTTPGrammar.isToken(byte) { return }
        output.append(contentsOf: name.utf8)
        output.append(HTTPGrammar.colon)
        output.append(HTTPGrammar.space)
        appendValue(field.value, to: &output)
        endLine(&output)
    }

    private static func appendValue(_ value: String, to output: inout [UInt8]) {
        for byte in value.utf8 {
            output.append(HTTPGrammar.isFieldValue(byte) ? byte : HTTPGrammar.space)
        }
    }

    private static func endLine(_ output: inout [UInt8]) {
        output.append(HTTPGrammar.carriageReturn)
        output.append(HTTPGrammar.lineFeed)
    }

    private static func append(_ number: Int, to output: inout [UInt8]) {
        guard number >= 10 else {
            output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: max(0, number)))
            return
        }
        append(number / 10, to: &output)
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
