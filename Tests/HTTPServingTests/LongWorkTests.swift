import HTTPServing
import Testing

/// What waits behind work that takes long.
@Suite(.serialized) struct LongWorkTests {
    private let service = TestService()

    /// One worker, and one thread that helps out after some milliseconds.
    private func withOneWorker(
        longWorkTime: Int = 20,
        _ body: (UInt16) throws -> Void
    ) throws {
        try withServer(
            service,
            configuration: .with {
                $0.workerCount = 1
                $0.longWorkTime = .milliseconds(longWorkTime)
            },
            body
        )
    }

    @Test func `what waits behind long work is done meanwhile, by so many threads`() throws {
        try withOneWorker { port in
            let clients = try (0..<3).map { _ in try LoopbackClient(port: port) }
            clients[0].send(post("/slow", "0"))
            service.gate.waitForArrival()
            clients[1].send(post("/echo", "1"))
            #expect(clients[1].answer()?.text == "1")
            clients[1].send(post("/slow", "1"))
            service.gate.waitForArrival()
            clients[2].send(post("/slow", "2"))
            #expect(!service.gate.hasArrival())
            service.gate.open(3)
            for (index, client) in clients.enumerated() {
                #expect(client.answer()?.text == "\(index)")
            }
        }
    }

    @Test func `the longer the line, the longer work takes to be long`() throws {
        try withOneWorker(longWorkTime: 50) { port in
            let clients = try (0..<40).map { _ in try LoopbackClient(port: port) }
            clients[0].send(post("/slow", "0"))
            service.gate.waitForArrival()
            for client in clients.dropFirst() { client.send(post("/slow", "more")) }
            // Of 39 that wait the first begins after 2 s, and not after 50 ms.
            #expect(!service.gate.hasArrival())
            service.gate.waitForArrival()
            service.gate.open(clients.count)
            for client in clients { #expect(client.answer()?.status == 200) }
        }
    }

    @Test func `searches leave that thread to others, and lose nothing by it`() throws {
        try withOneWorker { port in
            let first = try LoopbackClient(port: port)
            let second = try LoopbackClient(port: port)
            let other = try LoopbackClient(port: port)
            first.send(post("/search", "first"))
            service.searchGate.waitForArrival()
            second.send(post("/search", "second"))
            #expect(!service.searchGate.hasArrival())
            other.send(post("/slow", "other"))
            service.gate.waitForArrival()
            // As the first ends, the second begins beside what came after it.
            service.searchGate.open()
            #expect(service.searchGate.hasArrival())
            service.searchGate.open()
            service.gate.open()
            #expect(first.answer()?.text == "first")
            #expect(second.answer()?.text == "second")
            #expect(other.answer()?.text == "other")
        }
    }
}
