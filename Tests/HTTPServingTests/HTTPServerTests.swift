import Glibc
import HTTPMessages
import HTTPServing
import Testing

@Suite(.serialized) struct HTTPServerTests {
    @Test func `a connection is kept alive over many requests`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            for index in 0..<50 {
                client.send(request("GET /live"))
                let live = try #require(client.answer())
                #expect(live.status == 200 && live.text == "live" && !live.closes)
                client.send(post("/echo", "number \(index)"))
                #expect(client.answer()?.text == "number \(index)")
            }
        }
    }

    @Test func `pipelined requests are answered in order, direct and computed alike`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            var input = ""
            for index in 0..<300 { input += request("GET /live") + post("/echo", "\(index)") }
            client.send(input)
            for index in 0..<300 {
                #expect(client.answer()?.text == "live")
                #expect(client.answer()?.text == "\(index)")
            }
        }
    }

    @Test func `a request is understood when it comes byte by byte`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            for byte in post("/echo", "hello").utf8 { client.send([byte]) }
            #expect(client.answer()?.text == "hello")
        }
    }

    @Test func `a chunked body is put together`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            let chunks = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n"
            client.send(request("POST /echo", "Transfer-Encoding: chunked\r\n", chunks))
            #expect(client.answer()?.text == "abcde")
        }
    }

    @Test func `HEAD has the fields of GET and no content`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            let name = "X-Request-Id: one\r\n"
            client.send(request("HEAD /live", name) + request("GET /live", name))
            let head = try #require(client.answer(hasContent: false))
            let get = try #require(client.answer())
            #expect(head.head == get.head)
            #expect(get.text == "live")
        }
    }

    @Test func `two Content-Lengths are refused and the connection closes`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            let lengths = "Content-Length: 2\r\nContent-Length: 2\r\n"
            client.send(request("POST /echo", lengths, "ab") + request("GET /live"))
            let answer = try #require(client.answer())
            #expect(answer.status == 400 && answer.closes)
            #expect(answer.text.hasPrefix(#"{"error":{"code":"bad_request","message":""#))
            #expect(client.rest() == "")
        }
    }

    @Test func `a body over the limit is refused before it is sent`() throws {
        try withServer(TestService(limitBytes: 10)) { port in
            let client = try LoopbackClient(port: port)
            let expect = "Content-Length: 11\r\nExpect: 100-continue\r\n"
            client.send(request("POST /echo", expect))
            #expect(client.answer()?.status == 413)
            #expect(client.rest() == "")
        }
    }

    @Test func `a client that waits for 100 gets it`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            client.send(request("POST /echo", "Content-Length: 3\r\nExpect: 100-continue\r\n"))
            #expect(client.answer()?.head == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("abc")
            #expect(client.answer()?.text == "abc")
        }
    }

    @Test func `a refusal is not lost to a reset though the peer still sends`() throws {
        try withServer(TestService(limitBytes: 10)) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("POST /echo", "Content-Length: 200000\r\n"))
            client.send([UInt8](repeating: 0x61, count: 200_000))
            #expect(client.answer()?.status == 413)
        }
    }

    @Test func `large bodies pass both ways, also to a client that reads late`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            let body = (0..<12_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send(request("POST /echo", "Content-Length: \(body.count)\r\n"))
            client.send(body)
            usleep(200_000)
            #expect(client.answer()?.body == body)
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
        }
    }

    @Test func `a client that ends its output still gets its answers`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/echo", "a") + post("/echo", "b"))
            client.endOutput()
            #expect(client.answer()?.text == "a")
            #expect(client.answer()?.text == "b")
            #expect(client.rest() == "")
        }
    }

    @Test func `a disconnect inside a body reaches no handler and harms nobody`() throws {
        try withServer { port in
            for isReset in [true, false] {
                let client = try LoopbackClient(port: port)
                client.send(request("POST /slow", "Content-Length: 100\r\n", "part"))
                if isReset { client.reset() }
            }
            let other = try LoopbackClient(port: port)
            other.send(post("/echo", "well"))
            #expect(other.answer()?.text == "well")
        }
    }

    @Test func `five hundred connections are served side by side`() throws {
        try withServer(configuration: .with { $0.connectionLimitPerAddress = nil }) { port in
            try talk(port: port, remaining: 500)
        }
    }

    /// Opens a connection, holds it while the others talk, and talks on it twice.
    private func talk(port: UInt16, remaining: Int) throws {
        guard remaining > 0 else { return }
        let client = try LoopbackClient(port: port)
        client.send(request("GET /live"))
        #expect(client.answer()?.text == "live")
        try talk(port: port, remaining: remaining - 1)
        client.send(post("/echo", "\(remaining)"))
        #expect(client.answer()?.text == "\(remaining)")
    }

    @Test(arguments: [1, 3])
    func `connections are shared out among the loops`(_ loopCount: Int) throws {
        try withServer(configuration: .with { $0.loopCount = loopCount }) { port in
            try talk(port: port, remaining: 20)
        }
    }

    @Test func `a worker learns how many others are idle`() throws {
        try withServer(configuration: .with { $0.workerCount = 3 }) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /idle"))
            #expect(client.answer()?.text == "2")
        }
    }

    @Test(arguments: [
        ("max 100000", nil), ("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1),
        ("", nil), ("-1 100000", nil), ("1 0", nil), ("9223372036854775807 1", Int.max),
    ])
    func `a container's quota bounds the threads`(_ line: String, _ processors: Int?) {
        #expect(processorQuota(line) == processors)
    }

    @Test(arguments: [
        ("0::/", [""]), ("", [""]), ("4:memory:/a", [""]),
        ("0::/system.slice/a.service", ["", "/system.slice", "/system.slice/a.service"]),
    ])
    func `quotas of a unit and of what is around it count`(_ line: String, _ folders: [String]) {
        #expect(quotaFiles(line) == folders.map { "/sys/fs/cgroup\($0)/cpu.max" })
    }

    @Test func `a server starts once, and says why it cannot`() throws {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        let server = HTTPServer(configuration: configuration, service: TestService())
        let address = try server.start()
        #expect(address.description == "127.0.0.1:\(address.port)")
        #expect(throws: HTTPServerError.alreadyStarted) { try server.start() }
        configuration.port = address.port
        let second = HTTPServer(configuration: configuration, service: TestService())
        #expect(throws: HTTPServerError.system(call: "bind", code: EADDRINUSE)) {
            try second.start()
        }
        configuration.host = "no such host"
        let third = HTTPServer(configuration: configuration, service: TestService())
        #expect(throws: HTTPServerError.unknownHost("no such host")) { try third.start() }
        #expect(server.drain(within: .seconds(1)))
        #expect(server.waitUntilStopped())
    }
}
