import Glibc
import HTTPMessages
import HTTPServing
import Testing

@Suite(.serialized) struct LimitTests {
    @Test func `a client that used up its budget is told when to come again`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.clientBudget = ClientBudget(millisecondsPerSecond: 10, burstMilliseconds: 10)
            }
        ) { port in
            let client = try service.clientAtGate(port, "a")
            usleep(50_000)
            service.gate.open()
            #expect(client.answer()?.text == "a")
            // Of 50 ms that were used 40 are owed, and 10 come in each second.
            client.send(post("/echo", "b"))
            let answer = try #require(client.answer())
            #expect(answer.status == 429)
            let digits = try #require(answer.head.firstRange(of: "Retry-After: "))
            let seconds = Int(answer.head[digits.upperBound...].prefix { $0.isNumber })
            #expect((3...60).contains(try #require(seconds)))
            let probe = try LoopbackClient(port: port)
            probe.send(request("GET /live"))
            #expect(probe.answer()?.text == "live")
        }
    }

    @Test func `a budget fills up again`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.clientBudget = ClientBudget(millisecondsPerSecond: 1_000, burstMilliseconds: 1)
            }
        ) { port in
            let client = try service.clientAtGate(port, "a")
            usleep(100_000)
            service.gate.open()
            #expect(client.answer()?.text == "a")
            usleep(300_000)
            client.send(post("/echo", "b"))
            #expect(client.answer()?.text == "b")
        }
    }

    @Test func `who waited too long for a worker is refused, and who comes then at once`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.workerCount = 1
                $0.queueTimeout = .milliseconds(100)
            }
        ) { port in
            let running = try service.clientAtGate(port, "a")
            let waiting = try LoopbackClient(port: port)
            waiting.send(post("/echo", "b"))
            usleep(200_000)
            let late = try LoopbackClient(port: port)
            late.send(post("/echo", "c"))
            #expect(late.answer()?.status == 503)
            service.gate.open()
            #expect(running.answer()?.text == "a")
            let refused = try #require(waiting.answer())
            #expect(refused.status == 503 && refused.head.contains("\r\nRetry-After: 1\r\n"))
            waiting.send(post("/echo", "d"))
            #expect(waiting.answer()?.text == "d")
        }
    }

    @Test func `a request is given up when its own time is up, and its connection goes on`() throws
    {
        let service = TestService()
        try withServer(service) { port in
            let client = try LoopbackClient(port: port)
            let fields = "Content-Length: 1\r\nX-Request-Timeout: 0.1\r\n"
            client.send(request("POST /long", fields, "a"))
            let answer = try #require(client.answer())
            #expect(answer.status == 503 && !answer.closes)
            #expect(answer.text.contains("deadline_exceeded"))
            #expect(service.longEnds.happens())
            client.send(post("/echo", "next"))
            #expect(client.answer()?.text == "next")
        }
    }

    @Test(arguments: [
        ("GET /live", "Host: LocalHost:80\r\n", 200), ("GET /live", "Host: [::1]:80\r\n", 200),
        ("GET /live", "Host: evil.example\r\n", 421), ("GET /live", "Host: localhost.\r\n", 421),
        ("GET http://evil.example/live", "Host: localhost\r\n", 421),
        ("GET http://localhost/live", "Host: evil.example\r\n", 200),
    ])
    func `only the hosts of the list are served`(
        _ line: String,
        _ host: String,
        _ status: Int
    ) throws {
        let configuration = HTTPServerConfiguration.with {
            $0.limits.allowedHosts = ["localhost", "[::1]"]
        }
        try withServer(configuration: configuration) { port in
            let client = try LoopbackClient(port: port)
            client.send("\(line) HTTP/1.1\r\n\(host)\r\n")
            let answer = try #require(client.answer())
            // The target's authority counts where there is one.
            #expect(answer.status == status)
        }
    }
}
