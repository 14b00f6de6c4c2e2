import HTTPMessages
import HTTPServing
import Testing

/// Work ends when nobody waits for its answer.
@Suite(.serialized) struct CancellationTests {
    enum Ending: CaseIterable {
        case close
        case reset
        /// More of the next request than is read before the answer, then the end.
        case closeAfterMore
    }

    @Test(arguments: Ending.allCases)
    func `a client that disconnects ends its work and frees the worker`(ending: Ending) throws {
        let service = TestService()
        try withServer(service, configuration: .with { $0.workerCount = 1 }) { port in
            do {
                let client = try LoopbackClient(port: port)
                client.send(post("/long", "a"))
                if ending == .closeAfterMore {
                    // Input that waits is noted, and no longer watched for.
                    client.send(request("GET /live"))
                    let live = try LoopbackClient(port: port)
                    live.send(request("GET /live"))
                    _ = live.answer()
                }
                #expect(service.longBegins.happens())
                if ending == .reset { client.reset() }
            }
            #expect(service.longEnds.happens())
            let next = try LoopbackClient(port: port)
            next.send(post("/echo", "next"))
            #expect(next.answer()?.text == "next")
        }
    }

    @Test func `a client that only ends its output is told that long work was given up`() throws {
        try withServer { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/long", "a"))
            client.endOutput()
            #expect(client.answer()?.text == "cancelled")
            #expect(client.rest() == "")
        }
    }

    @Test func `work whose time is up is told so`() throws {
        let service = TestService()
        try withServer(
            service,
            configuration: .with {
                $0.limits.computeTimeout = .milliseconds(100)
                $0.workerCount = 1
            }
        ) { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/long", "a"))
            #expect(client.answer()?.status == 503)
            let next = try LoopbackClient(port: port)
            next.send(post("/echo", "next"))
            #expect(next.answer()?.text == "next")
        }
    }

    @Test func `work goes on while its client waits`() throws {
        let service = TestService()
        try withServer(service) { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/long", "a"))
            #expect(service.longBegins.happens())
            let other = try LoopbackClient(port: port)
            other.send(post("/echo", "other"))
            #expect(other.answer()?.text == "other")
            #expect(!service.longEnds.happens(within: 0))
        }
    }
}
