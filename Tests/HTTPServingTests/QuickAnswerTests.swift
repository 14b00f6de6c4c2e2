import HTTPMessages
import HTTPServing
import HTTPTypes
import Synchronization
import Testing

/// Answers `POST /quick` on the loop, after a while, and says who answered.
private final class QuickService: HTTPService {
    let inner = TestService()
    let duration: Duration

    init(taking duration: Duration = .zero) {
        self.duration = duration
    }

    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        request.path == "/quick"
            ? .compute(limitBytes: 1 << 20)
            : inner.admit(request, hasBody: hasBody, hasLength: hasLength, context: &context)
    }

    func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        requests.map { request in
            guard request.request.path == "/quick" else { return nil }
            let end = ContinuousClock.now.advanced(by: duration)
            while ContinuousClock.now < end {}
            let body = request.body + Array(" loop".utf8)
            return ServerResponse(head: HTTPResponse(status: .ok), body: body)
        }
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        guard request.request.path == "/quick" else {
            return inner.compute(request, idleWorkers: idleWorkers, cancellation: cancellation)
        }
        let body = request.body + Array(" worker".utf8)
        return ServerResponse(head: HTTPResponse(status: .ok), body: body)
    }
}

@Suite(.serialized) struct QuickAnswerTests {
    @Test func `a quick answer needs no worker`() throws {
        let service = QuickService()
        try withServer(service, configuration: .with { $0.workerCount = 1 }) { port in
            let slow = try LoopbackClient(port: port)
            slow.send(post("/slow", "s"))
            service.inner.gate.waitForArrival()
            let client = try LoopbackClient(port: port)
            for _ in 0..<3 {
                client.send(post("/quick", "q"))
                #expect(client.answer()?.text == "q loop")
            }
            service.inner.gate.open()
            #expect(slow.answer()?.text == "s")
        }
    }

    /// A tenth of a second of quick work at once: some of it has to go to the workers.
    @Test func `quick answers leave the loop time for others, and keep their order`() throws {
        try withServer(QuickService(taking: .milliseconds(1))) { port in
            let client = try LoopbackClient(port: port)
            client.send((0..<100).map { post("/quick", "\($0)") }.joined())
            let live = try LoopbackClient(port: port)
            live.send(request("GET /live"))
            #expect(live.answer()?.text == "live")
            var byWorkers = 0
            for index in 0..<100 {
                let text = try #require(client.answer()).text
                #expect(text == "\(index) loop" || text == "\(index) worker")
                if text == "\(index) worker" { byWorkers += 1 }
            }
            #expect(byWorkers > 0)
        }
    }

    @Test func `a quick answer ends a connection that asks for it`() throws {
        try withServer(QuickService()) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("POST /quick", "Connection: close\r\nContent-Length: 1\r\n", "x"))
            #expect(client.answer()?.closes == true)
            #expect(client.rest() == "")
        }
    }
}
