import HTTPMessages
import HTTPTypes
import Testing

@Suite struct HeaderSectionTests {
    private static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\n\(fields)\r\n" }

    private static let accepted: [WireCase] = [
        WireCase("9112 §5.1", get("Host:a\r\n"), "GET /"),
        WireCase("9112 §5.1", get("hOST: \t a\t \r\n"), "GET /"),
        WireCase("9112 §5", get("Host: a\r\nX:\r\n"), "GET /"),
        WireCase("9110 §5.5", get("Host: a\r\nX: \u{E9}\t~\r\n"), "GET /"),
        WireCase("9110 §5.1", get("Host: a\r\nContent_Length: 5\r\n"), "GET /"),
        WireCase("9110 §5.6.1", get("Host: a\r\nConnection: ,, keep-alive ,\r\n"), "GET /"),
        WireCase("9110 §7.6.1", get("Host: a\r\nConnection: closed\r\n"), "GET /"),
        WireCase("9112 §9.6", get("Host: a\r\nConnection: x, CLOSE\r\n"), "GET /", "last"),
        WireCase(
            "9112 §9.6",
            get("Host: a\r\nConnection: close\r\nConnection: x\r\n"),
            "GET /",
            "last"
        ),
        WireCase("9110 §7.8", get("Host: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"), "GET /"),
        WireCase("9110 §10.1.1", get("Host: a\r\nExpect: 100-continue\r\n"), "GET /"),
        WireCase("limits", get("Host: a\r\n" + String(repeating: "X: y\r\n", count: 99)), "GET /"),
        WireCase(
            "limits",
            get("Host: a\r\nX: \(String(repeating: "y", count: 8_189))\r\n"),
            "GET /"
        ),
    ]

    @Test(arguments: accepted)
    func `header lines the RFC allows are taken, however they are cut`(_ wire: WireCase) {
        wire.check()
    }

    private static let refused: [WireCase] = [
        WireCase("9112 §3.2", get(""), "400 missingHost", "last"),
        WireCase(
            "9112 §3.2",
            get("Host: a\r\nHost: a\r\n"),
            #"400 repeatedField(name: "host")"#,
            "last"
        ),
        WireCase("9112 §5.1", get("Host : a\r\n"), "400 malformedFieldName", "last"),
        WireCase("9112 §5.1", get("Host\t: a\r\n"), "400 malformedFieldName", "last"),
        WireCase("9110 §5.1", get("Host: a\r\n: b\r\n"), "400 malformedFieldName", "last"),
        WireCase("9110 §5.1", get("Host: a\r\nX\r\n"), "400 malformedFieldName", "last"),
        WireCase("9110 §5.1", get("Host: a\r\nX(: b\r\n"), "400 malformedFieldName", "last"),
        WireCase("9110 §5.1", get("Host: a\r\nX\u{E9}: b\r\n"), "400 malformedFieldName", "last"),
        WireCase("9112 §2.2", get(" Host: a\r\n"), "400 foldedLine", "last"),
        WireCase("9112 §5.2", get("Host: a\r\n b\r\n"), "400 foldedLine", "last"),
        WireCase("9112 §5.2", get("Host: a\r\nX: b\r\n\tc\r\n"), "400 foldedLine", "last"),
        WireCase("9112 §2.2", get("Host: a\nX: b\r\n"), "400 bareLineFeed", "last"),
        WireCase("9112 §2.2", get("Host: a\r\nX: b\rc\r\n"), "400 bareCarriageReturn", "last"),
        WireCase("9112 §2.2", get("Host: a\r\nX: b\r\r\n"), "400 bareCarriageReturn", "last"),
        WireCase(
            "9110 §5.5",
            get("Host: a\r\nX: b\0\r\n"),
            #"400 invalidFieldValue(name: "X")"#,
            "last"
        ),
        WireCase(
            "9110 §5.5",
            get("Host: a\r\nX: \u{7F}\r\n"),
            #"400 invalidFieldValue(name: "X")"#,
            "last"
        ),
        WireCase(
            "9110 §5.5",
            get("Host: a\r\nX: \u{1B}\r\n"),
            #"400 invalidFieldValue(name: "X")"#,
            "last"
        ),
        WireCase(
            "9110 §7.6.1",
            get("Host: a\r\nConnection: \"close\"\r\n"),
            "400 invalidConnection",
            "last"
        ),
        WireCase(
            "9110 §10.1.1",
            get("Host: a\r\nExpect: 200-ok\r\n"),
            "417 unknownExpectation",
            "last"
        ),
        WireCase(
            "9110 §10.1.1",
            get("Host: a\r\nExpect: 100-continue, b\r\n"),
            "417 unknownExpectation",
            "last"
        ),
        WireCase(
            "6585 §5",
            get("Host: a\r\nX: \(String(repeating: "y", count: 8_190))\r\n"),
            #"431 fieldLineTooLong(name: Optional("X"), limitBytes: 8192)"#,
            "last"
        ),
        WireCase(
            "6585 §5",
            get("Host: a\r\n\(String(repeating: "y", count: 8_193)): y\r\n"),
            "431 fieldLineTooLong(name: nil, limitBytes: 8192)",
            "last"
        ),
        WireCase(
            "6585 §5",
            get("Host: a\r\n" + String(repeating: "X: y\r\n", count: 100)),
            "431 tooManyFields(limit: 100)",
            "last"
        ),
        WireCase(
            "6585 §5",
            get(
                "Host: a\r\n"
                    + String(repeating: "X: \(String(repeating: "y", count: 8_000))\r\n", count: 5)
            ),
            "431 headerSectionTooLarge(limitBytes: 32768)",
            "last"
        ),
    ]

    @Test(arguments: refused)
    func `header lines the RFC forbids are refused, however they are cut`(_ wire: WireCase) {
        wire.check()
    }

    @Test(arguments: [
        "content-type", "authorization", "content-encoding", "inference-header-content-length",
        "user-agent",
    ])
    func `a field that stands once may not stand twice`(_ name: String) {
        let fields = "Host: a\r\n\(name.uppercased()): 1\r\n\(name): 1\r\n"
        let line = #"400 repeatedField(name: "\#(name)")"#
        WireCase("9110 §5.5", Self.get(fields), line, "last").check()
    }

    @Test(arguments: [
        "a", "a.b-c_d", "a:", "a:0", "a:65535", "127.0.0.1:80", "[::1]", "[::]:80", "[1::]",
        "[1:2:3:4:5:6:7:8]:9", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", "%41", "a!$&'()*+;=",
    ])
    func `Host is a name or an address with an optional port`(_ host: String) {
        WireCase("9110 §7.2", Self.get("Host: \(host)\r\n"), "GET /").check()
    }

    @Test(arguments: [
        "", "a b", "a,b", "u@a", "a/", "a?", "a#", ":80", "a:b", "a:65536", "a:123456", "a:-1",
        "a:80:80", "[", "[]", "[::1", "::1", "[::1]a", "[1:2:3:4:5:6:7]", "[1::2::3]", "[12345::]",
        "[1:2:3:4:5:6:7:8:9]", "[1:]", "[:1]", "[g::]", "[::1.2.3]", "[::256.1.1.1]",
        "[::1.2.3.4:5]", "[::01.2.3.4]", "[v1.a]", "[::1%25eth0]", "%4", "%zz", "a\\b", "\u{E9}",
    ])
    func `Host is nothing else`(_ host: String) {
        WireCase("9110 §7.2", Self.get("Host: \(host)\r\n"), "400 invalidHost", "last").check()
    }

    @Test func `names keep their spelling apart from known ones, values their bytes`() throws {
        var parser = RequestParser(limits: HTTPLimits())
        var input = Array("GET / HTTP/1.1\r\nHost: a\r\nx-Own: 1\r\nX-OWN:2\r\nLatin: ".utf8)
        input += [0xE9, 0x0D, 0x0A, 0x0D, 0x0A]
        guard case .complete(let head, _) = try parser.parse(input.span) else {
            Issue.record("incomplete")
            return
        }
        let fields = head.request.headerFields
        let own = try #require(HTTPField.Name("x-own"))
        #expect(fields[values: own] == ["1", "2"])
        #expect(fields.map(\.name.rawName) == ["x-Own", "X-OWN", "Latin"])
        let latin = try #require(fields.last)
        let bytes = unsafe latin.withUnsafeBytesOfValue { value in unsafe Array(value) }
        #expect(bytes == [0xE9])
    }
}
