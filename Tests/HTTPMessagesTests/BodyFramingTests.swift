import HTTPMessages
import Testing

@Suite struct BodyFramingTests {
    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST /p HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    private static func chunked(_ body: String) -> String {
        post("Transfer-Encoding: chunked\r\n", body)
    }

    private static let manyChunks = String(repeating: "1\r\na\r\n", count: 500)

    private static let accepted: [WireCase] = [
        WireCase("9112 §6.3", post(""), "POST /p"),
        WireCase("9112 §6.3", post("Content-Length: 0\r\n"), "POST /p"),
        WireCase("9112 §6.3", post("Content-Length: 5\r\n", "hello"), "POST /p hello"),
        WireCase(
            "9112 §6.3",
            post("Content-Length: 0000000000000000005\r\n", "hello"),
            "POST /p hello"
        ),
        WireCase("9112 §6.3", post("content-length:\t2 \r\n", "\r\n"), "POST /p \r\n"),
        WireCase("9112 §6.3", post("Content-Length: 6\r\n", "hel"), ""),
        WireCase("9112 §7.1", chunked("5\r\nhello\r\n0\r\n\r\n"), "POST /p hello"),
        WireCase("9112 §7.1", chunked("0\r\n\r\n"), "POST /p"),
        WireCase("9112 §7.1", chunked("000\r\n\r\n"), "POST /p"),
        WireCase(
            "9112 §7.1",
            chunked("A\r\n0123456789\r\n0000000000000001\r\n!\r\n0\r\n\r\n"),
            "POST /p 0123456789!"
        ),
        WireCase(
            "9112 §7.1",
            chunked(manyChunks + "0\r\n\r\n"),
            "POST /p \(String(repeating: "a", count: 500))"
        ),
        WireCase(
            "9112 §7",
            post("transfer-encoding:  CHUNKED \r\n", "1\r\na\r\n0\r\n\r\n"),
            "POST /p a"
        ),
        WireCase("9112 §7.1.1", chunked("1;a\r\na\r\n0;b=c\r\n\r\n"), "POST /p a"),
        WireCase("9112 §7.1.1", chunked("1;a=\"b;\\\"c\";d=e\r\na\r\n0\r\n\r\n"), "POST /p a"),
        WireCase(
            "9110 §5.6.3",
            chunked("1 \t; a\t= b ;c = \" \" ;d\r\na\r\n0 ;e\r\n\r\n"),
            "POST /p a"
        ),
        WireCase("9112 §7.1.2", chunked("0\r\nA: b\r\nContent-Lengths: 9\r\n\r\n"), "POST /p"),
        WireCase("9112 §7.1.2", chunked("0\r\nA:\r\n\r\n"), "POST /p"),
        WireCase("9110 §9.3.1", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "GET /"),
    ]

    @Test(arguments: accepted)
    func `a body whose end can be read in one way is taken`(_ wire: WireCase) {
        if wire.lines == [""] {
            #expect(WireTranscript.lines(of: wire.input) == [])
        } else {
            wire.check()
        }
    }

    private static let conflicting: [WireCase] = [
        WireCase(
            "9112 §6.1",
            post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            "400 conflictingLengths",
            "last"
        ),
        WireCase(
            "9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            "400 conflictingLengths",
            "last"
        ),
        WireCase(
            "9112 §6.1",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400 transferEncodingInOldVersion",
            "last"
        ),
        WireCase(
            "9112 §6.3",
            post("Content-Length: 5\r\nContent-Length: 5\r\n"),
            "400 invalidContentLength",
            "last"
        ),
        WireCase(
            "9110 §15.5.14",
            post("Content-Length: 1001\r\n"),
            "413 bodyTooLarge(limitBytes: 1000)",
            "last"
        ),
        WireCase(
            "9110 §15.5.14",
            post("Content-Length: 9223372036854775807\r\n"),
            "413 bodyTooLarge(limitBytes: 1000)",
            "last"
        ),
        WireCase("9110 §15.5.14", chunked("3E9\r\n"), "413 bodyTooLarge(limitBytes: 1000)", "last"),
        WireCase(
            "9110 §15.5.14",
            chunked("7fffffffffffffff\r\n"),
            "413 bodyTooLarge(limitBytes: 1000)",
            "last"
        ),
        WireCase(
            "9110 §9.3.2",
            "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            #"400 unexpectedBody(method: "HEAD")"#,
            "last"
        ),
        WireCase(
            "9110 §9.3.7",
            "OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
            #"400 unexpectedBody(method: "OPTIONS")"#,
            "last"
        ),
    ]

    @Test(arguments: conflicting)
    func `a body whose end can be read in two ways, or is too far, is refused`(_ wire: WireCase) {
        wire.check()
    }

    @Test(arguments: [
        "", "+5", "-0", "-5", "0x10", "1_000", "1 000", "5,5", "5, 5", "5;", "5.0", "5e1", "a",
        "00000000000000000005", "9223372036854775808", "99999999999999999999", "\u{665}",
    ])
    func `Content-Length is plain digits within 63 bits`(_ value: String) {
        let input = Self.post("Content-Length: \(value)\r\n")
        WireCase("9110 §8.6", input, "400 invalidContentLength", "last").check()
    }

    @Test(arguments: [
        "", "identity", "gzip", "chunked, gzip", "chunked, chunked", "chunked,", ", chunked",
        "gzip,, chunked", "chunked;a=b", "gzip;q=1, chunked", "\"chunked\"", "xchunked", "chunkedx",
        "chunked\u{B}", "chunke\u{E9}d", "gzip chunked", "chun ked",
    ])
    func `Transfer-Encoding that is not exactly chunked is refused`(_ value: String) {
        let input = Self.post("Transfer-Encoding: \(value)\r\n")
        let error =
            value.contains("\u{B}")
            ? #"400 invalidFieldValue(name: "Transfer-Encoding")"# : "400 invalidTransferEncoding"
        WireCase("9112 §6.1", input, error, "last").check()
    }

    @Test(arguments: ["gzip, chunked", "a,b ,\tchunked", "identity, chunked"])
    func `an unknown transfer coding before chunked is not implemented`(_ value: String) {
        let input = Self.post("Transfer-Encoding: \(value)\r\n")
        WireCase("9112 §6.1", input, "501 unknownTransferCoding", "last").check()
    }

    @Test func `a second Transfer-Encoding line is refused`() {
        let line = "Transfer-Encoding: chunked\r\n"
        WireCase("9112 §6.1", Self.post(line + line), "400 invalidTransferEncoding", "last").check()
    }

    private static let badChunks: [WireCase] = [
        WireCase("9112 §7.1", chunked("\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked(" 1\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("1 \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("+1\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("-1\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("0x1\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("g\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("1_0\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("00000000000000001\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("8000000000000000\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("ffffffffffffffff\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1", chunked("1\n"), "400 bareLineFeed", "last"),
        WireCase("9112 §7.1", chunked("1\ra"), "400 bareCarriageReturn", "last"),
        WireCase("9112 §7.1", chunked("1\r\nab"), "400 malformedChunkEnd", "last"),
        WireCase("9112 §7.1", chunked("1\r\na\n"), "400 malformedChunkEnd", "last"),
        WireCase("9112 §7.1", chunked("1\r\na\rb"), "400 malformedChunkEnd", "last"),
        WireCase("9112 §7.1.1", chunked("1;\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;=b\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1; \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1 1\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1 =b\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a b\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a= \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=b \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=b=c\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=\"b\" \r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=\"b\"c\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=\"b\r\n"), "400 malformedChunkSize", "last"),
        WireCase("9112 §7.1.1", chunked("1;a=\"\\\r\n"), "400 malformedChunkSize", "last"),
        WireCase(
            "9112 §7.1.1",
            chunked("1;\(String(repeating: "a", count: 256))\r\n"),
            "400 chunkExtensionTooLong(limitBytes: 256)",
            "last"
        ),
        WireCase(
            "9112 §7.1.1",
            chunked(
                String(repeating: "1;\(String(repeating: "a", count: 200))\r\na\r\n", count: 21)
            ),
            "400 chunkExtensionTooLong(limitBytes: 4096)",
            "last"
        ),
        WireCase("9110 §6.5.1", chunked("0\r\nContent-length:"), "400 forbiddenTrailer", "last"),
        WireCase("9110 §6.5.1", chunked("0\r\nA:\r\nHOST:"), "400 forbiddenTrailer", "last"),
        WireCase("9110 §6.5.1", chunked("0\r\nTransfer-Encoding:"), "400 forbiddenTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\n A: b\r\n"), "400 malformedTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\nA : b\r\n"), "400 malformedTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\n:b\r\n"), "400 malformedTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\nA\r\n"), "400 malformedTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\nA: \0\r\n"), "400 malformedTrailer", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\nA: b\n"), "400 bareLineFeed", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\n\n"), "400 bareLineFeed", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\nA: b\rc"), "400 bareCarriageReturn", "last"),
        WireCase("9112 §7.1.2", chunked("0\r\n\rG"), "400 bareCarriageReturn", "last"),
        WireCase(
            "limits",
            chunked("0\r\n" + String(repeating: "A: b\r\n", count: 17)),
            "431 trailersTooLarge(limitBytes: 4096, limitLines: 16)",
            "last"
        ),
        WireCase(
            "limits",
            chunked("0\r\nA: \(String(repeating: "b", count: 4_100))"),
            "431 trailersTooLarge(limitBytes: 4096, limitLines: 16)",
            "last"
        ),
    ]

    @Test(arguments: badChunks)
    func `chunks that break the grammar are refused, however they are cut`(_ wire: WireCase) {
        wire.check()
    }

    @Test func `chunks are counted, and one too many is refused`() throws {
        var limits = HTTPLimits()
        limits.chunkCount = 100
        let chunk = "1\r\na\r\n"
        let fits = Self.chunked(String(repeating: chunk, count: 100) + "0\r\n\r\n")
        let passes = Self.chunked(String(repeating: chunk, count: 101))
        #expect(
            WireTranscript.lines(of: Array(fits.utf8), limits: limits)
                == ["POST /p \(String(repeating: "a", count: 100))"]
        )
        #expect(
            WireTranscript.lines(of: Array(passes.utf8), limits: limits)
                == ["400 tooManyChunks(limit: 100)", "last"]
        )
    }
}
