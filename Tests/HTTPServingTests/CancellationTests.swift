import Glibc
import HTTPMessages
import HTTPServing
import Synchronization
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

    // RFC 9112 §9.6; what it is sent meanwhile is how the server finds out that it is still there.
    @Test func `a client that only ends its output gets its answer, however long it takes`() throws
    {
        let service = TestService()
        try withServer(service, configuration: .with { $0.workerCount = 1 }) { port in
            let client = try LoopbackClient(port: port)
            client.send(post("/slow", "a") + post("/slow", "b"))
            client.endOutput()
            for text in ["a", "b"] {
                let interim = try #require(client.answer(hasContent: false))
                #expect(interim.head == "HTTP/1.1 100 Continue\r\n\r\n")
                service.gate.open()
                #expect(client.finalAnswer()?.text == text)
            }
            #expect(client.rest() == "")
        }
    }

    // It has read what it was sent, so that nothing but the next makes its socket answer.
    @Test(arguments: [1, 2])
    func `a client that ends its output and leaves later ends its work`(after count: Int) throws {
        let service = TestService()
        try withServer(service, configuration: .with { $0.workerCount = 1 }) { port in
            do {
                let client = try LoopbackClient(port: port)
                client.send(post("/long", "a"))
                client.endOutput()
                for _ in 0..<count {
                    #expect(client.answer(hasContent: false)?.status == 100)
                }
                #expect(!service.longEnds.happens(within: 0))
            }
            #expect(service.longEnds.happens())
        }
    }

    @Test func `five interim answers are sent, rarer and rarer, the expected one among them`() {
        for sent in 0..<6 {
            var interim = InterimAnswers()
            for _ in 0..<sent { interim.sent() }
            var delays: [Duration] = []
            while let delay = interim.nextDelay() {
                delays.append(delay)
                interim.sent()
            }
            let all = [30, 120, 480, 1_920, 7_680].map(Duration.milliseconds)
            #expect(delays == all.dropLast(sent))
        }
    }

    @Test func `a client of HTTP/1.0 that only ends its output gets its answer and nothing else`()
        throws
    {
        let service = TestService()
        try withServer(service) { port in
            let client = try LoopbackClient(port: port)
            client.send("POST /slow HTTP/1.0\r\nContent-Length: 1\r\n\r\na")
            client.endOutput()
            service.gate.waitForArrival()
            usleep(100_000)
            service.gate.open()
            #expect(client.answer()?.text == "a")
            #expect(client.rest() == "")
        }
    }

    @Test func `work given up is told to the observer as 499`() throws {
        let record = AnswerRecord()
        let service = TestService()
        try withServer(service, observer: record) { port in
            do {
                let client = try LoopbackClient(port: port)
                client.send(post("/long", "a"))
                #expect(service.longBegins.happens())
            }
            #expect(service.longEnds.happens())
        }
        #expect(record.statuses == [499])
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

/// The statuses of all answers.
private final class AnswerRecord: HTTPServerObserver {
    private let all = Mutex<[Int]>([])

    var statuses: [Int] { all.withLock { $0 } }

    func answered(_ exchange: HTTPExchange) { all.withLock { $0.append(exchange.status) } }
    func happened(_ event: HTTPServerEvent) {}
}
