import Dispatch
import Glibc
import HTTPMessages
import HTTPServing
import Synchronization
import Testing

@Suite(.serialized) struct ClockTests {
    @Test func `slow headers are answered 408 and the connection closes`() throws {
        try withServer(configuration: .with { $0.limits.headerTimeout = .milliseconds(150) }) {
            port in
            let client = try LoopbackClient(port: port)
            for byte in "GET /live".utf8 {
                client.send([byte])
                usleep(10_000)
            }
            let answer = try #require(client.answer())
            #expect(answer.status == 408 && answer.closes)
            #expect(client.rest() == "")
        }
    }

    @Test func `a slow body is answered 408`() throws {
        try withServer(
            configuration: .with { $0.limits.bodyInactivityTimeout = .milliseconds(100) }
        ) {
            port in
            let client = try LoopbackClient(port: port)
            client.send(request("POST /echo", "Content-Length: 5\r\n", "he"))
            #expect(client.answer()?.status == 408)
        }
    }

    @Test func `an idle connection is closed in silence`() throws {
        try withServer(configuration: .with { $0.limits.idleTimeout = .milliseconds(100) }) {
            port in
            let client = try LoopbackClient(port: port)
            #expect(client.rest() == "")
            let used = try LoopbackClient(port: port)
            used.send(request("GET /live"))
            #expect(used.answer()?.text == "live")
            #expect(used.rest() == "")
        }
    }

    @Test func `a client that reads nothing is cut off`() throws {
        try withServer(configuration: .with { $0.limits.writeStallTimeout = .milliseconds(200) }) {
            port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /big"))
            usleep(1_000_000)
            #expect(client.answer()?.status == nil)
        }
    }

    @Test func `a drain finishes what is in progress and refuses what is new`() throws {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        let service = TestService()
        let server = HTTPServer(configuration: configuration, service: service)
        let port = try server.start().port
        let idle = try LoopbackClient(port: port)
        idle.send(request("GET /live"))
        #expect(idle.answer()?.text == "live")
        let busy = try service.clientAtGate(port, "done")
        let finished = DispatchSemaphore(value: 0)
        let result = Mutex(false)
        DispatchQueue.global().async {
            let isClean = server.drain(within: .seconds(10))
            result.withLock { $0 = isClean }
            finished.signal()
        }
        #expect(idle.rest() == "")
        #expect(throws: HTTPServerError.system(call: "connect", code: ECONNREFUSED)) {
            _ = try LoopbackClient(port: port)
        }
        service.gate.open()
        let answer = try #require(busy.answer())
        #expect(answer.text == "done" && answer.closes)
        #expect(busy.rest() == "")
        finished.wait()
        #expect(result.withLock { $0 })
        #expect(server.waitUntilStopped())
    }

    @Test func `a drain that runs out of time cuts off and says so`() throws {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        let service = TestService()
        let server = HTTPServer(configuration: configuration, service: service)
        let port = try server.start().port
        let busy = try service.clientAtGate(port, "never")
        #expect(!server.drain(within: .milliseconds(50)))
        #expect(!server.waitUntilStopped())
        #expect(busy.rest() == "")
        service.gate.open()
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a termination signal becomes a call, and a second one another`(_ number: Int32) async {
        await #expect(processExitsWith: .exitCode(12)) { [number] in
            let seen = DispatchSemaphore(value: 0)
            let total = Mutex(10)
            let signals = TerminationSignal { count in
                total.withLock { $0 += count }
                seen.signal()
            }
            kill(getpid(), number)
            seen.wait()
            total.withLock { $0 -= 1 }
            kill(getpid(), number)
            seen.wait()
            withExtendedLifetime(signals) { exit(Int32(total.withLock { $0 })) }
        }
    }
}
