import COpenSSL
import Glibc
import HTTPMessages
import HTTPServing
import TLSTestSupport
import Testing

/// How encrypted connections end, and what never becomes one.
@Suite(.serialized) struct TLSEndingTests {
    @Test(arguments: [true, false])
    func `an end is announced, after the last answer and after idling`(_ isIdle: Bool) throws {
        let fixture = try TLSFixture()
        try fixture.withServer(configuration: .with { $0.limits.idleTimeout = .milliseconds(300) })
        { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("GET /live", isIdle ? "" : "Connection: close\r\n"))
            #expect(client.answer()?.text == "live")
            #expect(client.rest() == "")
            #expect(client.tls?.isClosed == true)
        }
    }

    @Test(arguments: [true, false])
    func `a client that sends no more still gets its answers`(_ isAnnounced: Bool) throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(post("/echo", "a") + post("/echo", "b"))
            if isAnnounced { client.endOutput() } else { client.cutOutput() }
            #expect(client.answer()?.text == "a")
            #expect(client.answer()?.text == "b")
            #expect(client.rest() == "")
            #expect(client.tls?.isClosed == true)
        }
    }

    @Test(arguments: [true, false])
    func `an end inside a body reaches no handler`(_ isAnnounced: Bool) throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("POST /slow", "Content-Length: 100\r\n", "part"))
            if isAnnounced { client.endOutput() } else { client.cutOutput() }
            #expect(client.rest() == "")
        }
    }

    @Test func `plain HTTP is closed without an answer`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /live"))
            #expect(client.rest()?.contains("HTTP") == false)
            #expect(fixture.witness.saw(.notTLS))
        }
    }

    @Test(arguments: [0, 1, 5, 40])
    func `a handshake that does not go on is cut off in time`(_ count: Int) throws {
        let fixture = try TLSFixture()
        try fixture.withServer(configuration: .with { $0.handshakeTimeout = .milliseconds(200) }) {
            port in
            let tls = try TLSClientSession(fixture.settings)
            tls.shakeHands()
            let client = try LoopbackClient(port: port)
            client.sendRaw(Array(tls.takeOutput().prefix(count)))
            #expect(client.rest() == "")
            #expect(fixture.witness.saw(.timeout))
        }
    }

    @Test func `a client that goes away during the handshake is forgotten`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            _ = try LoopbackClient(port: port)
            #expect(fixture.witness.saw(.abandoned))
        }
    }

    @Test func `the oldest handshake gives way when there are too many`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer(configuration: .with { $0.handshakeLimit = 4 }) { port in
            let idle = try (0..<20).map { _ in try LoopbackClient(port: port) }
            #expect(fixture.witness.saw(.displaced, times: 16))
            #expect(idle[0].rest() == "")
            let client = try LoopbackClient(port: port, fixture.settings)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
            // Those that are done displace nobody any more.
            #expect(fixture.witness.all.count(where: { $0 == .displaced }) == 17)
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `a damaged record ends the connection with an alert`() throws {
        let fixture = try TLSFixture()
        try fixture.withServer { port in
            let client = try LoopbackClient(port: port, fixture.settings)
            client.tls?.write(Array(request("GET /live").utf8))
            var record = client.tls?.takeOutput() ?? []
            record[record.count - 1] ^= 1
            client.sendRaw(record)
            #expect(client.answer() == nil)
            #expect(client.tls?.failure == "sslv3 alert bad record mac")
            #expect(fixture.witness.saw(.protocolError))
        }
    }
}
