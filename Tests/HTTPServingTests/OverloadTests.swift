import Glibc
import HTTPMessages
import HTTPServing
import Testing

@Suite(.serialized) struct OverloadTests {
    @Test func `a full queue answers 503 at once, and health goes on`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.workerCount = 1
                $0.queueLimit = 2
            }
        ) { port in
            let running = try service.clientAtGate(port, "a")
            let waiting = try LoopbackClient(port: port)
            let refused = try LoopbackClient(port: port)
            waiting.send(post("/slow", "b"))
            let live = try LoopbackClient(port: port)
            live.send(request("GET /live"))
            #expect(live.answer()?.text == "live")
            refused.send(post("/slow", "c"))
            let answer = try #require(refused.answer())
            #expect(answer.status == 503 && answer.head.contains("\r\nRetry-After: 1\r\n"))
            #expect(answer.text.contains(#""code":"overloaded""#))
            #expect(!answer.closes)
            service.gate.open(2)
            #expect(running.answer()?.text == "a")
            #expect(waiting.answer()?.text == "b")
            for client in [running, refused] {
                client.send(post("/echo", "d"))
                #expect(client.answer()?.text == "d")
            }
        }
    }

    @Test func `content beyond the server's limit is 503, and its room comes back`() throws {
        try withServer(configuration: .with { $0.queueLimitBytes = 100_000 }) { port in
            let body = [UInt8](repeating: 0x61, count: 90_000)
            for _ in 0..<3 {
                let client = try LoopbackClient(port: port)
                client.send(request("POST /echo", "Content-Length: 100001\r\n"))
                #expect(client.answer()?.status == 503)
                let chunked = try LoopbackClient(port: port)
                chunked.send(request("POST /echo", "Transfer-Encoding: chunked\r\n"))
                chunked.send(Array("20000\r\n".utf8) + body + body)
                #expect(chunked.answer()?.status == 503)
                let fitting = try LoopbackClient(port: port)
                fitting.send(request("POST /echo", "Content-Length: 90000\r\n"))
                fitting.send(body)
                #expect(fitting.answer()?.body == body)
            }
        }
    }

    @Test func `answers that wait for their clients take room, and then slow clients lose them`()
        throws
    {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.workerCount = 1
                $0.queueLimitBytes = 2_000_000
                $0.heldAnswerTime = .seconds(1)
            }
        ) { port in
            let running = try service.clientAtGate(port, "a")
            let waiting = try LoopbackClient(port: port)
            waiting.send(post("/echo", "b"))
            let slow = try LoopbackClient(port: port)
            slow.send(request("GET /big"))
            #expect(slow.some() != nil)
            let client = try LoopbackClient(port: port)
            client.send(post("/echo", "c"))
            #expect(client.answer()?.status == 503)
            service.gate.open()
            #expect(running.answer()?.text == "a")
            #expect(waiting.answer()?.status == 503)
            var status = 503
            for _ in 0..<1_000 where status == 503 {
                usleep(10_000)
                client.send(post("/echo", "d"))
                status = client.answer()?.status ?? 0
            }
            #expect(status == 200)
            while slow.some() != nil {}
            #expect(slow.wasReset)
        }
    }

    @Test func `an answer that waits is left alone while there is room`() throws {
        let configuration = HTTPServerConfiguration.with {
            $0.heldAnswerTime = .milliseconds(10)
        }
        try withServer(configuration: configuration) { port in
            let slow = try LoopbackClient(port: port)
            slow.send(request("GET /big"))
            usleep(200_000)
            #expect(slow.answer()?.body.count == 30_000_000)
        }
    }

    @Test func `an answer that comes too late is 503, and the late one is dropped`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with { $0.limits.computeTimeout = .milliseconds(100) }
        ) { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/slow", "late"))
            let answer = try #require(client.answer())
            #expect(answer.status == 503 && !answer.closes)
            service.gate.open()
            client.send(post("/echo", "next"))
            #expect(client.answer()?.text == "next")
        }
    }

    @Test func `an answer never reaches the connection that follows in the same slot`() throws {
        let service = TestService()
        try withServer(service) { port in
            do {
                let gone = try service.clientAtGate(port, "secret")
                gone.reset()
            }
            // Sooner or later one of these has the slot of the connection that has gone.
            let next = try LoopbackClient(port: port)
            for _ in 0..<5 {
                let between = try LoopbackClient(port: port)
                between.send(request("GET /live"))
                #expect(between.answer()?.text == "live")
            }
            next.send(post("/slow", "mine"))
            service.gate.waitForArrival()
            service.gate.open(2)
            #expect(next.answer()?.text == "mine")
        }
    }

    @Test func `work that waits for a client who has gone is not done`() throws {
        let service = TestService()
        try withServer(service, configuration: .with { $0.workerCount = 1 }) { port in
            let first = try service.clientAtGate(port, "first")
            do {
                let gone = try LoopbackClient(port: port)
                gone.send(post("/slow", "gone"))
                // Both are in the queue once a later direct answer has come from the same loop.
                let live = try LoopbackClient(port: port)
                live.send(request("GET /live"))
                _ = live.answer()
                gone.reset()
            }
            let live = try LoopbackClient(port: port)
            live.send(request("GET /live"))
            _ = live.answer()
            service.gate.open()
            #expect(first.answer()?.text == "first")
            first.send(post("/echo", "second"))
            #expect(first.answer()?.text == "second")
        }
    }

    @Test func `beyond the connection limit only probes are answered`() throws {
        try withServer(configuration: .with { $0.connectionLimit = 1 }) { port in
            let full = try LoopbackClient(port: port)
            full.send(request("GET /live"))
            #expect(full.answer()?.closes == false)
            let probe = try LoopbackClient(port: port)
            probe.send(request("GET /live"))
            let answer = try #require(probe.answer())
            #expect(answer.text == "live" && answer.closes)
            for other in [post("/echo", "a"), request("GET /big"), request("GET /nothing")] {
                let surplus = try LoopbackClient(port: port)
                surplus.send(other)
                let answer = try #require(surplus.answer())
                #expect(answer.status == 503 && answer.closes)
                #expect(answer.head.contains("\r\nRetry-After: 1\r\n"))
                #expect(surplus.rest() == "")
            }
            full.send(post("/echo", "still here"))
            #expect(full.answer()?.text == "still here")
        }
    }

    @Test func `wrong keys beyond a number are 429, and right ones are not held up`() throws {
        try withServer(configuration: .with { $0.failedKeyLimit = 3 }) { port in
            let client = try LoopbackClient(port: port)
            for _ in 0..<3 {
                client.send(request("GET /secret"))
                #expect(client.answer()?.status == 401)
            }
            client.send(request("GET /live"))
            #expect(client.answer()?.text == "live")
            client.send(request("GET /secret"))
            let answer = try #require(client.answer())
            #expect(answer.status == 429 && answer.closes)
            #expect(answer.head.contains("\r\nRetry-After: 1\r\n"))
            let other = try LoopbackClient(port: port)
            other.send(request("GET /live"))
            #expect(other.answer()?.text == "live")
        }
    }

    @Test func `one address gets only so many connections`() throws {
        try withServer(configuration: .with { $0.connectionLimitPerAddress = 2 }) { port in
            do {
                let first = try LoopbackClient(port: port)
                let second = try LoopbackClient(port: port)
                first.send(request("GET /live"))
                second.send(request("GET /live"))
                #expect(first.answer()?.text == "live")
                #expect(second.answer()?.text == "live")
                let third = try LoopbackClient(port: port)
                #expect(third.rest() == "")
            }
            // Both are gone, so there is room again once the loop has seen it.
            var answer: LoopbackClient.Answer?
            for _ in 0..<100 where answer == nil {
                let later = try LoopbackClient(port: port)
                later.send(request("GET /live"))
                answer = later.answer()
            }
            #expect(answer?.text == "live")
        }
    }
}
