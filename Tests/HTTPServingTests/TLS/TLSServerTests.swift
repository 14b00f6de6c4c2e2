import COpenSSL
import Glibc
import HTTPMessages
import HTTPServing
import HTTPTypes
import TLSTestSupport
import Testing

@Suite(.serialized) struct TLSServerTests {
    static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    @Test(arguments: versions)
    func `requests are answered over TLS on one connection`(_ version: Int32) throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = version...version
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, settings)
            for index in 0..<20 {
                client.send(request("GET /live") + post("/echo", "number \(index)"))
                #expect(client.answer()?.text == "live")
                #expect(client.answer()?.text == "number \(index)")
            }
        }
        #expect(fixture.witness.all == [.completed])
    }

    @Test func `browsers are told to come back encrypted, over TLS alone`() throws {
        let line = "\r\nStrict-Transport-Security: max-age=15768000\r\n"
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.head.contains(line) == true)
        }
        try HTTPServingTests.withServer { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /live"))
            #expect(client.answer()?.head.contains(line) == false)
        }
    }

    @Test(arguments: [1, 7, 1_000])
    func `records are understood in any pieces`(_ pieceBytes: Int) throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.pieceBytes = pieceBytes
            for byte in post("/echo", "byte").utf8 { client.send([byte]) }
            #expect(client.answer()?.text == "byte")
            client.send(post("/echo", String(repeating: "record", count: 6_000)))
            #expect(client.answer()?.body.count == 36_000)
        }
    }

    @Test func `a handshake is understood byte by byte`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let tls = try TLSClientSession(fixture.settings)
            let client = try LoopbackClient(port: port)
            client.pieceBytes = 1
            tls.shakeHands()
            client.sendRaw(tls.takeOutput())
            while !tls.isEstablished {
                tls.take(try #require(client.some()))
                tls.shakeHands()
                client.sendRaw(tls.takeOutput())
            }
            tls.write(Array(request("GET /live").utf8))
            client.sendRaw(tls.takeOutput())
            var answer: [UInt8] = []
            while !answer.suffix(4).elementsEqual("live".utf8) {
                tls.take(try #require(client.some()))
                answer += tls.read()
            }
        }
    }

    @Test func `large bodies pass both ways, also to a client that reads late`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            let body = (0..<12_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send(request("POST /echo", "Content-Length: \(body.count)\r\n"))
            client.send(body)
            usleep(200_000)
            #expect(client.answer()?.body == body)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
        }
    }

    @Test(arguments: [
        ([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
        (["http/1.0", "http/1.1", "h2"], "http/1.1"),
    ])
    func `http/1.1 is agreed on wherever it is offered`(_ offers: [String], _ chosen: String) throws
    {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.protocols = offers
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
            #expect(client.tls?.applicationProtocol == chosen)
        }
    }

    @Test(arguments: [["h2"], ["http/1.0", "http/1.10", "ttp/1.1"]])
    func `a client that offers other protocols alone is told so`(_ offers: [String]) throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.protocols = offers
        try fixture.withServer { port in
            #expect(throws: TLSClientError("tlsv1 alert no application protocol")) {
                _ = try LoopbackClient(port: port, settings)
            }
            #expect(fixture.witness.saw(.applicationProtocol))
        }
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func `old versions are refused`(_ version: Int32) throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = version...version
        try fixture.withServer { port in
            #expect(throws: TLSClientError("tlsv1 alert protocol version")) {
                _ = try LoopbackClient(port: port, settings)
            }
            #expect(fixture.witness.saw(.version))
        }
    }

    @Test(arguments: ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256"])
    func `ciphers without authentication or forward secrecy are refused`(_ cipher: String) throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = TLS1_2_VERSION...TLS1_2_VERSION
        settings.ciphers = cipher
        try fixture.withServer { port in
            #expect(throws: TLSClientError("sslv3 alert handshake failure")) {
                _ = try LoopbackClient(port: port, settings)
            }
            #expect(fixture.witness.saw(.parameters))
        }
    }

    @Test func `the server chooses the cipher`() throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = TLS1_2_VERSION...TLS1_2_VERSION
        settings.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, settings)
            #expect(client.tls?.cipher == "ECDHE-ECDSA-AES128-GCM-SHA256")
        }
    }

    @Test(arguments: versions)
    func `a session is resumed without a second full handshake`(_ version: Int32) throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = version...version
        try fixture.withServer { port in
            var ticket: TLSClientSession.Ticket?
            for round in 0..<3 {
                let client = try LoopbackClient(port: port, settings, resuming: ticket)
                client.send(request("GET /live"))
                #expect(client.answer()?.text == "live")
                #expect(client.tls?.isResumed == (round > 0))
                ticket = client.tls?.ticket
            }
        }
        #expect(fixture.witness.all == [.completed, .resumed, .resumed])
    }

    @Test func `a client that wants another handshake does not get one`() throws {
        let fixture = try TLSFixture()
        var settings = fixture.settings
        settings.versions = TLS1_2_VERSION...TLS1_2_VERSION
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, settings)
            client.tls?.renegotiate()
            client.sendRaw(client.tls?.takeOutput() ?? [])
            #expect(client.answer() == nil)
            #expect(client.tls?.failure == "no renegotiation")
            let other = try LoopbackClient(port: port, settings)
            other.send(request("GET /live"))
            #expect(other.answer()?.text == "live")
        }
    }

    @Test func `keys are renewed as often as a client likes`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            for index in 0..<20 {
                client.tls?.updateKeys()
                client.send(post("/echo", "\(index)"))
                #expect(client.answer()?.text == "\(index)")
            }
        }
    }
}
