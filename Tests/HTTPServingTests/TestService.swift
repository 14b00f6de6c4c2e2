import Dispatch
import Glibc
import HTTPMessages
import HTTPServing
import HTTPTypes
import Synchronization
import Testing

/// Lets waiting work go on, so many pieces of it.
final class Gate: Sendable {
    private let passes = DispatchSemaphore(value: 0)
    private let arrivals = DispatchSemaphore(value: 0)

    func open(_ count: Int = 1) {
        for _ in 0..<count { passes.signal() }
    }

    func wait() {
        arrivals.signal()
        passes.wait()
    }

    /// Waits until some work has come to the gate; it has to within half a minute.
    func waitForArrival(sourceLocation: SourceLocation = #_sourceLocation) {
        let hasCome = arrivals.wait(timeout: .now() + .seconds(30)) == .success
        #expect(hasCome, "nothing came to the gate", sourceLocation: sourceLocation)
    }

    /// Whether some work comes to the gate within a fifth of a second.
    func hasArrival() -> Bool {
        arrivals.wait(timeout: .now() + .milliseconds(200)) == .success
    }
}

/// Something that has come about; each time can be waited for once.
final class Event: Sendable {
    private let times = DispatchSemaphore(value: 0)

    func happen() { times.signal() }

    /// Whether it happens within some seconds.
    func happens(within seconds: Int = 10) -> Bool {
        times.wait(timeout: .now() + .seconds(seconds)) == .success
    }
}

/// `GET /live`, a probe, and `GET /big` at once, `GET /secret` to nobody; `POST /echo`, `POST /slow`
/// and `POST /search` (each behind a gate, the latter known to take long), `POST /long` (until nobody
/// waits) and `GET /idle` on a worker, for the client that `X-Client` names.
struct TestService: HTTPService {
    let gate = Gate()
    /// That of searches: which of those at a gate goes on first is not said.
    let searchGate = Gate()
    let longBegins = Event()
    let longEnds = Event()
    let limitBytes: Int

    init(limitBytes: Int = 64 << 20) {
        self.limitBytes = limitBytes
    }

    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        switch request.path {
        case "/live":
            context.isProbe = true
            return .respond(
                ServerResponse(head: HTTPResponse(status: .ok), body: Array("live".utf8))
            )
        case "/big":
            return .respond(
                ServerResponse(
                    head: HTTPResponse(status: .ok),
                    body: [UInt8](repeating: 0x61, count: 30_000_000)
                )
            )
        case "/secret":
            context.hasWrongKey = true
            return .respond(ServerResponse(head: HTTPResponse(status: .unauthorized)))
        case "/echo", "/slow", "/search", "/long", "/idle":
            context.client = HTTPField.Name("X-Client").flatMap { request.headerFields[$0] }
            context.takesLong = request.path == "/search"
            return .compute(limitBytes: limitBytes)
        default: return .respond(ServerResponse(head: HTTPResponse(status: .notFound)))
        }
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        switch request.request.path {
        case "/slow": gate.wait()
        case "/search": searchGate.wait()
        case "/long":
            longBegins.happen()
            // Far longer than any test waits.
            let end = ContinuousClock.now + .seconds(60)
            while !cancellation.isCancelled, ContinuousClock.now < end { usleep(1000) }
            longEnds.happen()
            return ServerResponse(
                head: HTTPResponse(status: .ok),
                body: Array(cancellation.isCancelled ? "cancelled".utf8 : "too late".utf8)
            )
        case "/idle":
            return ServerResponse(
                head: HTTPResponse(status: .ok),
                body: Array("\(idleWorkers)".utf8)
            )
        default: break
        }
        return ServerResponse(head: HTTPResponse(status: .ok), body: request.body)
    }
}

extension TestService {
    /// A client whose request keeps a worker at the gate.
    func clientAtGate(
        _ port: UInt16,
        _ body: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> LoopbackClient {
        let client = try LoopbackClient(port: port)
        client.send(post("/slow", body))
        gate.waitForArrival(sourceLocation: sourceLocation)
        return client
    }
}

extension HTTPServerConfiguration {
    /// A configuration for tests, a free port and two workers, with something changed.
    static func with(_ change: (inout HTTPServerConfiguration) -> Void) -> Self {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        configuration.workerCount = 2
        configuration.longWorkTime = nil
        change(&configuration)
        return configuration
    }
}

/// Runs a server on a free port while `body` talks to it; it has to drain in the end.
func withServer(
    _ service: any HTTPService = TestService(),
    configuration: HTTPServerConfiguration = .with { _ in },
    observer: (any HTTPServerObserver)? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (UInt16) throws -> Void
) throws {
    let server = HTTPServer(configuration: configuration, service: service, observer: observer)
    let address = try server.start()
    defer {
        #expect(server.drain(within: .seconds(5)), sourceLocation: sourceLocation)
    }
    try body(address.port)
}

/// A request line and a Host field.
func request(_ line: String, _ fields: String = "", _ body: String = "") -> String {
    "\(line) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\(body)"
}

/// A POST with a length.
func post(_ path: String, _ body: String) -> String {
    request("POST \(path)", "Content-Length: \(body.utf8.count)\r\n", body)
}
