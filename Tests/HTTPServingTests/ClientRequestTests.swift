import Glibc
import HTTPServing
import Testing

/// How many requests of one client are worked on at a time.
@Suite(.serialized) struct ClientRequestTests {
    private let service = TestService()

    private func withLimit(_ limit: Int, _ body: (UInt16) throws -> Void) throws {
        try withServer(
            service,
            configuration: .with {
                $0.clientRequestLimit = limit
                $0.workerCount = 3
            },
            body
        )
    }

    private func post(_ path: String, _ body: String, by client: String) -> String {
        let fields = "X-Client: \(client)\r\nContent-Length: \(body.utf8.count)\r\n"
        return request("POST \(path)", fields, body)
    }

    @Test(arguments: [1, 2])
    func `one more than a client may have is refused, and others are served`(
        _ limit: Int
    ) throws {
        try withLimit(limit) { port in
            let busy = try (0..<limit).map { _ in try LoopbackClient(port: port) }
            for client in busy {
                client.send(post("/slow", "slow", by: "a"))
                service.gate.waitForArrival()
            }
            let next = try LoopbackClient(port: port)
            next.send(post("/echo", "a", by: "a"))
            let refused = try #require(next.answer())
            #expect(refused.status == 429 && !refused.closes)
            #expect(refused.head.contains("\r\nRetry-After: 1\r\n"))
            #expect(refused.text.contains(#""code":"rate_limited""#))
            next.send(post("/echo", "b", by: "b"))
            #expect(next.answer()?.text == "b")
            next.send(request("GET /live"))
            #expect(next.answer()?.text == "live")
            service.gate.open(limit)
            for client in busy { #expect(client.answer()?.text == "slow") }
            next.send(post("/echo", "a", by: "a"))
            #expect(next.answer()?.text == "a")
        }
    }

    @Test func `a client that has its answer may ask again at once`() throws {
        try withLimit(1) { port in
            let client = try LoopbackClient(port: port)
            for number in 0..<200 {
                client.send(post("/echo", "\(number)", by: "a"))
                #expect(client.answer()?.text == "\(number)")
            }
        }
    }

    @Test func `content that arrives when others have the places is refused`() throws {
        try withLimit(1) { port in
            let late = try LoopbackClient(port: port)
            let fields = "X-Client: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
            late.send(request("POST /echo", fields))
            #expect(late.answer(hasContent: false)?.status == 100)
            let busy = try LoopbackClient(port: port)
            busy.send(post("/slow", "slow", by: "a"))
            service.gate.waitForArrival()
            late.send("xy")
            #expect(late.answer()?.status == 429)
            service.gate.open()
            #expect(busy.answer()?.text == "slow")
            late.send(post("/echo", "xy", by: "a"))
            #expect(late.answer()?.text == "xy")
        }
    }

    @Test func `work whose client has gone counts until it ends`() throws {
        try withLimit(1) { port in
            do {
                let gone = try LoopbackClient(port: port)
                gone.send(post("/slow", "slow", by: "a"))
                service.gate.waitForArrival()
                gone.reset()
            }
            let next = try LoopbackClient(port: port)
            next.send(post("/echo", "a", by: "a"))
            #expect(next.answer()?.status == 429)
            service.gate.open()
            var status = 429
            for _ in 0..<1_000 where status == 429 {
                next.send(post("/echo", "a", by: "a"))
                status = next.answer()?.status ?? 0
            }
            #expect(status == 200)
        }
    }

    @Test func `a request that left the queue with its client leaves its place`() throws {
        try withServer(
            service,
            configuration: .with {
                $0.clientRequestLimit = 1
                $0.workerCount = 1
            }
        ) { port in
            let busy = try LoopbackClient(port: port)
            busy.send(post("/slow", "slow", by: "b"))
            service.gate.waitForArrival()
            do {
                let gone = try LoopbackClient(port: port)
                gone.send(post("/echo", "a", by: "a"))
                // Until it has been read: a reset takes along what has not.
                usleep(200_000)
                gone.reset()
            }
            // The one that has gone may be noticed later than this one comes. No answer means that it
            // was taken and waits for the worker.
            let next = try LoopbackClient(port: port, timeoutSeconds: 1)
            for _ in 0..<100 {
                next.send(post("/echo", "next", by: "a"))
                guard next.answer() != nil else { break }
                usleep(10_000)
            }
            service.gate.open()
            #expect(busy.answer()?.text == "slow")
            #expect(next.answer()?.text == "next")
        }
    }
}
