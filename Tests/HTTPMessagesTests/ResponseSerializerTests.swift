import HTTPMessages
import HTTPTypes
import Testing

@Suite struct ResponseSerializerTests {
    private func head(
        _ status: HTTPResponse.Status,
        _ fields: HTTPFields = [:],
        length: Int = 3,
        closes: Bool = false,
        context: RequestContext? = nil
    ) -> (text: String, hasContent: Bool) {
        var serializer = ResponseSerializer()
        serializer.setTime(secondsSinceEpoch: 784_111_777)
        var output: [UInt8] = []
        let hasContent = serializer.appendHead(
            HTTPResponse(status: status, headerFields: fields),
            framing: .length(length),
            closes: closes,
            context: context,
            to: &output
        )
        return (String(decoding: output, as: UTF8.self), hasContent)
    }

    private static let fixed = """
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: posterior-server\r
        X-Content-Type-Options: nosniff\r\n
        """

    @Test func `a head is a status line, the fields and an empty line`() {
        let (text, hasContent) = head(.ok, [.contentType: "text/plain"], length: 1_234_567)
        #expect(hasContent)
        #expect(
            text == "HTTP/1.1 200 OK\r\n\(Self.fixed)Content-Type: text/plain\r\n"
                + "Content-Length: 1234567\r\n\r\n"
        )
    }

    @Test func `a head names its request and, where there is one, its trace`() {
        var request = HTTPRequest(method: .get, scheme: "http", authority: "test", path: "/")
        request.headerFields[.init("X-Request-Id") ?? .accept] = "mine"
        let own: HTTPFields = [.init("x-request-id") ?? .accept: "somebody else's"]
        let named = head(.ok, own, context: RequestContext(request, random: (1, 2))).text
        #expect(named.hasSuffix("Content-Length: 3\r\nX-Request-Id: mine\r\n\r\n"))
        #expect(!named.contains("else"))
        request.headerFields[.init("traceparent") ?? .accept] =
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(
            head(.ok, context: RequestContext(request, random: (1, 2))).text.contains(
                "\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-0000000000000002-01\r\n"
            )
        )
    }

    @Test func `an unknown status keeps the space after its code`() {
        #expect(head(.init(code: 299)).text.hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test(arguments: [204, 304])
    func `a status without content has no length`(_ code: Int) {
        let (text, hasContent) = head(.init(code: code), closes: true)
        #expect(!hasContent)
        #expect(!text.contains("Content-Length"))
        #expect(text.hasSuffix("Connection: close\r\n\r\n"))
    }

    @Test func `a status below 200 is not a final answer and becomes 500`() {
        #expect(head(.switchingProtocols).text.hasPrefix("HTTP/1.1 500 \r\n"))
    }

    @Test func `the connection's own fields cannot be set by a response`() throws {
        var fields: HTTPFields = [
            .contentLength: "9", .transferEncoding: "chunked", .connection: "upgrade",
            .date: "now", .server: "other",
        ]
        fields[.allow] = "GET"
        let text = head(.methodNotAllowed, fields).text
        #expect(
            text == "HTTP/1.1 405 Method Not Allowed\r\n\(Self.fixed)Allow: GET\r\n"
                + "Content-Length: 3\r\n\r\n"
        )
    }

    @Test func `control characters never reach the wire`() throws {
        let name = try #require(HTTPField.Name("X-Text"))
        let field = HTTPField(name: name, lenientValue: Array("a\r\nB: c\u{0}\u{1B}d".utf8))
        var fields = HTTPFields()
        fields.append(field)
        let text = head(.init(code: 299, reasonPhrase: "O\r\nK"), fields).text
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.contains { $0.hasPrefix("X-Text: a  B: c") })
        #expect(lines.count == 8)
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x0D && $0 != 0x0A })
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (Int.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func `a date is an IMF-fixdate`(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.text(secondsSinceEpoch: seconds) == text)
    }

    // By Python's datetime.
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (784_111_777_005, "1994-11-06T08:49:37.005Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (-1, "1970-01-01T00:00:00.000Z"),
            (4_107_542_400_120, "2100-03-01T00:00:00.120Z"),
            (Int.max, "9999-12-31T23:59:59.999Z"),
        ]
    )
    func `moments are written with their milliseconds`(milliseconds: Int, text: String) {
        #expect(Timestamp.text(millisecondsSinceEpoch: milliseconds) == text)
    }

    @Test func `an error's answer says its status, a code and a message as JSON`() {
        let response = HTTPParseError.overloaded.response
        #expect(response.head.status == .serviceUnavailable)
        #expect(response.head.headerFields[.retryAfter] == "1")
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == #"{"error":{"code":"overloaded","message":"The server is busy; try again later."}}"#
        )
    }

    @Test func `a name from the peer is cut to 64 characters in a message`() {
        let name = String(repeating: "n", count: 8_000)
        #expect(HTTPParseError.invalidFieldValue(name: name).message.utf8.count < 120)
    }
}
