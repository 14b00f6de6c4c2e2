import HTTPMessages
import HTTPTypes
import Testing

@Suite struct RequestLineTests {
    private static let end = "\r\nHost: a\r\n\r\n"

    private static let accepted: [WireCase] = [
        WireCase("9112 §3", "GET / HTTP/1.1\(end)", "GET /"),
        WireCase("3986 §3.4", "GET /a%20b?c=%0D%0A HTTP/1.1\(end)", "GET /a%20b?c=%0D%0A"),
        WireCase("9112 §3", "DELETE /a/b?c=d&e HTTP/1.1\(end)", "DELETE /a/b?c=d&e"),
        WireCase("9112 §3", "PUT /%41%7e HTTP/1.1\(end)", "PUT /%41%7e"),
        WireCase("9112 §3", "PATCH /a:b@c;d HTTP/1.1\(end)", "PATCH /a:b@c;d"),
        WireCase("9110 §9.3.2", "HEAD / HTTP/1.1\(end)", "HEAD /"),
        WireCase("9112 §2.2", "\r\nGET / HTTP/1.1\(end)", "GET /"),
        WireCase("9112 §3.2.2", "GET http://b/c?d HTTP/1.1\(end)", "GET /c?d"),
        WireCase("9112 §3.2.2", "GET HTTPS://b:1?d HTTP/1.1\(end)", "GET /?d"),
        WireCase("9112 §3.2.2", "GET http://b HTTP/1.1\(end)", "GET /"),
        WireCase("9112 §3.2.4", "OPTIONS * HTTP/1.1\(end)", "OPTIONS *"),
        WireCase("9112 §3.2.4", "OPTIONS http://b HTTP/1.1\(end)", "OPTIONS *"),
        WireCase("9110 §2.5", "GET / HTTP/1.2\(end)", "GET /"),
        WireCase("9110 §2.5", "GET / HTTP/1.9\(end)", "GET /"),
        WireCase("9112 §9.3", "GET / HTTP/1.0\r\n\r\n", "GET /", "last"),
        WireCase(
            "9112 §9.3",
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET /",
            "last"
        ),
        WireCase(
            "9112 §3",
            "GET /\(String(repeating: "a", count: 8_178)) HTTP/1.1\(end)",
            "GET /\(String(repeating: "a", count: 8_178))"
        ),
    ]

    @Test(arguments: accepted)
    func `a request line the RFC allows is taken, however it is cut`(_ wire: WireCase) {
        wire.check()
    }

    private static let refused: [WireCase] = [
        WireCase("9112 §2.2", "\r\n\r\n", "400 emptyLines", "last"),
        WireCase("9112 §2.2", "\n", "400 bareLineFeed", "last"),
        WireCase("9112 §2.2", "GET / HTTP/1.1\n", "400 bareLineFeed", "last"),
        WireCase("9112 §2.2", "GET / HTTP/1.1\rX", "400 bareCarriageReturn", "last"),
        WireCase("9112 §2.2", "\rG", "400 bareCarriageReturn", "last"),
        WireCase("9112 §3", " ", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "\t", "400 malformedRequestLine", "last"),
        WireCase("TLS", bytes: [0x16, 0x03, 0x01], "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GET\t/ HTTP/1.1\(end)", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GET  / HTTP/1.1\(end)", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GET /  HTTP/1.1\(end)", "400 malformedVersion", "last"),
        WireCase("9112 §3", "GET / HTTP/1.1 \(end)", "400 malformedVersion", "last"),
        WireCase("9112 §3", "GET /\r\n", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GET / \r\n", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GET\r\n", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "G(T / HTTP/1.1\(end)", "400 malformedRequestLine", "last"),
        WireCase("9112 §3", "GÉT / HTTP/1.1\(end)", "400 malformedRequestLine", "last"),
        WireCase("9110 §9.1", "get / HTTP/1.1\(end)", "501 unknownMethod", "last"),
        WireCase("9110 §9.1", "BREW / HTTP/1.1\(end)", "501 unknownMethod", "last"),
        WireCase("9110 §9.1", "ABCDEFGHIJKLMNOPQ / HTTP/1.1\(end)", "501 unknownMethod", "last"),
        WireCase("9110 §9.3.6", "CONNECT a:1 HTTP/1.1\(end)", "501 unknownMethod", "last"),
        WireCase("9110 §9.3.6", "CONNECT [::1]:1 HTTP/1.1\(end)", "501 unknownMethod", "last"),
        WireCase("9110 §9.3.6", "CONNECT [::1] HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9110 §9.3.6", "CONNECT a1 HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9110 §9.3.6", "CONNECT a: HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §3.2.3", "CONNECT /a:1 HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §2.3", "GET / http/1.1\(end)", "400 malformedVersion", "last"),
        WireCase("9112 §2.3", "GET / HTTP/1\(end)", "400 malformedVersion", "last"),
        WireCase("9112 §2.3", "GET / HTTP/01.1\(end)", "400 malformedVersion", "last"),
        WireCase("9112 §2.3", "GET / HTTP/1.10\(end)", "400 malformedVersion", "last"),
        WireCase("9112 §2.3", "GET / HTTP/1,1\(end)", "400 malformedVersion", "last"),
        WireCase("9110 §15.6.6", "GET / HTTP/2.0\(end)", "505 unsupportedVersion", "last"),
        WireCase("9110 §15.6.6", "GET / HTTP/0.9\(end)", "505 unsupportedVersion", "last"),
        WireCase("9113 §3.4", "PRI * HTTP/2.0\r\n\r\nSM", "505 unsupportedVersion", "last"),
        WireCase("9112 §3.2.3", "GET a:80 HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §3.2.4", "GET * HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §3.2", "GET a HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §3.2.2", "GET ftp://a/ HTTP/1.1\(end)", "400 invalidTarget", "last"),
        WireCase("9112 §3.2.2", "GET http:///a HTTP/1.1\(end)", "400 invalidHost", "last"),
        WireCase("9110 §4.2.4", "GET http://u@a/ HTTP/1.1\(end)", "400 invalidHost", "last"),
        WireCase(
            "9112 §3",
            "GET /\(String(repeating: "a", count: 8_179)) HTTP/1.1\(end)",
            "414 requestLineTooLong(limitBytes: 8192)",
            "last"
        ),
        WireCase(
            "9112 §3",
            String(repeating: "A", count: 8_193),
            "400 malformedRequestLine",
            "last"
        ),
    ]

    @Test(arguments: refused)
    func `a request line the RFC forbids is refused, however it is cut`(_ wire: WireCase) {
        wire.check()
    }

    @Test(arguments: Array(#"#\"<>^`{|}"#.utf8) + [0x00, 0x09, 0x1F, 0x7F, 0x80, 0xFF])
    func `a target holds no byte outside its alphabet`(_ byte: UInt8) {
        let wire = WireCase(
            "9112 §3.2",
            bytes: Array("GET /a".utf8) + [byte] + Array("b HTTP/1.1\(Self.end)".utf8),
            "400 invalidTarget",
            "last"
        )
        wire.check()
    }

    @Test(arguments: ["%", "%4", "%4g", "%g4", "%00", "a%", "%%41", "%0D%0a", "%1F", "%7f", "?%00"])
    func `an escape in a target is two hexadecimal digits and no control character`(
        _ escape: String
    ) {
        WireCase("3986 §2.1", "GET /\(escape) HTTP/1.1\(Self.end)", "400 invalidTarget", "last")
            .check()
    }

    @Test func `the authority of an absolute target replaces Host`() throws {
        var parser = RequestParser(limits: HTTPLimits())
        let input = Array("GET http://b:81/c HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        guard case .complete(let head, let consumed) = try parser.parse(input.span) else {
            Issue.record("incomplete")
            return
        }
        #expect(head.request.authority == "b:81")
        #expect(head.request.scheme == "http")
        #expect(consumed == input.count)
    }
}
