import Glibc
import HTTPMessages
import HTTPServing
import HTTPTypes
import Synchronization
import Testing

/// What streams did, seen from outside.
private final class StreamRecord: Sendable {
    let bytesMade = Atomic(0)
    let ends = Event()
}

/// Numbers, one a line, as many as asked for; a failure after them if it is broken.
private struct NumberStream: ResponseStream {
    let count: Int
    let isBroken: Bool
    let record: StreamRecord
    var next = 0
    /// Tells when the stream has been let go.
    let life: Life

    final class Life: Sendable {
        let record: StreamRecord

        init(_ record: StreamRecord) { self.record = record }

        deinit { record.ends.happen() }
    }

    mutating func makePiece(
        ofAbout byteCount: Int,
        into piece: inout [UInt8],
        cancellation: Cancellation
    ) throws(ResponseStreamFailure) -> Bool {
        if isBroken, next == count { throw ResponseStreamFailure("broken on purpose") }
        while next < count, piece.count < byteCount {
            piece.append(contentsOf: "\(next)\n".utf8)
            next += 1
        }
        record.bytesMade.wrappingAdd(piece.count, ordering: .relaxed)
        return next < count || isBroken
    }
}

/// `GET /numbers/N` on the loop, `POST` on a worker; `/broken/N` fails after N numbers.
private struct StreamService: HTTPService {
    let record = StreamRecord()

    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        hasBody ? .compute(limitBytes: 100) : .respond(answer(request))
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        answer(request.request)
    }

    private func answer(_ request: HTTPRequest) -> ServerResponse {
        let parts = (request.path ?? "").split(separator: "/")
        guard parts.count == 2, let count = Int(parts[1]) else {
            return ServerResponse(head: HTTPResponse(status: .ok), body: Array("whole".utf8))
        }
        let stream = NumberStream(
            count: count,
            isBroken: parts[0] == "broken",
            record: record,
            life: NumberStream.Life(record)
        )
        return ServerResponse(head: HTTPResponse(status: .ok), stream: stream)
    }
}

/// The content of `/numbers/N`.
private func numbers(_ count: Int) -> [UInt8] {
    var body: [UInt8] = []
    for number in 0..<count { body.append(contentsOf: "\(number)\n".utf8) }
    return body
}

@Suite(.serialized) struct StreamingTests {
    @Test(arguments: [0, 1, 1_000, 200_000])
    func `an answer made in pieces arrives in chunks, and the next one follows`(
        _ count: Int
    ) throws {
        try withServer(StreamService(), configuration: .with { $0.limits.streamPieceBytes = 7_000 })
        { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /numbers/\(count)") + post("/numbers/\(count)", "a"))
            client.send(request("GET /whole"))
            for _ in 0..<2 {
                let answer = try #require(client.answer())
                #expect(answer.body == numbers(count))
                #expect(!answer.head.contains("Content-Length"))
            }
            #expect(client.answer()?.text == "whole")
        }
    }

    @Test func `HEAD of a streamed answer makes no piece`() throws {
        let service = StreamService()
        try withServer(service) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("HEAD /numbers/1000") + request("GET /whole"))
            let head = try #require(client.answer(hasContent: false))
            #expect(head.head.contains("\r\nTransfer-Encoding: chunked\r\n"))
            #expect(client.answer()?.text == "whole")
            #expect(service.record.bytesMade.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `HTTP 1.0 gets no chunks, and its content ends with the connection`() throws {
        try withServer(StreamService()) { port in
            let client = try LoopbackClient(port: port)
            client.send("GET /numbers/100000 HTTP/1.0\r\n\r\n")
            let head = try #require(client.answer(hasContent: false))
            #expect(!head.head.contains("Transfer-Encoding") && head.closes)
            #expect(client.rest().map { Array($0.utf8) } == numbers(100_000))
        }
    }

    @Test func `a stream that fails ends without its last chunk`() throws {
        try withServer(StreamService()) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /broken/1000"))
            #expect(client.answer(hasContent: false)?.status == 200)
            let rest = try #require(client.rest())
            #expect(rest.contains("999\n\r\n") && !rest.contains("\r\n0\r\n"))
        }
    }

    @Test func `HTTP 1.0 learns of a failure by a reset`() throws {
        try withServer(StreamService()) { port in
            let client = try LoopbackClient(port: port)
            client.send("GET /broken/1000 HTTP/1.0\r\n\r\n")
            #expect(client.answer(hasContent: false)?.status == 200)
            _ = client.rest()
            #expect(client.wasReset)
        }
    }

    @Test func `a client that does not read stops the making, and one that leaves ends it`() throws
    {
        let service = StreamService()
        try withServer(service) { port in
            do {
                let client = try LoopbackClient(port: port)
                client.send(request("GET /numbers/1000000000"))
                #expect(client.skip(1_000_000))
                usleep(300_000)
                let made = service.record.bytesMade.load(ordering: .relaxed)
                // What the client took, the system's buffers, and three pieces.
                #expect(made < 20_000_000)
                let other = try LoopbackClient(port: port)
                other.send(post("/whole", "a"))
                #expect(other.answer()?.text == "whole")
                #expect(client.skip(10_000_000))
                #expect(!service.record.ends.happens(within: 0))
            }
            #expect(service.record.ends.happens())
        }
    }

    @Test func `a client that takes nothing of a stream for too long is cut off`() throws {
        let service = StreamService()
        try withServer(
            service,
            configuration: .with { $0.limits.writeStallTimeout = .milliseconds(100) }
        ) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /numbers/1000000000"))
            #expect(service.record.ends.happens())
            #expect(client.answer() == nil)
        }
    }

    @Test func `a client that only ends its output gets all of a stream`() throws {
        try withServer(StreamService()) { port in
            let client = try LoopbackClient(port: port)
            client.send(request("GET /numbers/300000"))
            client.endOutput()
            #expect(client.answer()?.body == numbers(300_000))
        }
    }

    @Test func `a stream counts among its client's requests until it has been made`() throws {
        let service = StreamService()
        try withServer(service, configuration: .with { $0.clientRequestLimit = 1 }) { port in
            let other = try LoopbackClient(port: port)
            do {
                let client = try LoopbackClient(port: port)
                for _ in 0..<20 {
                    client.send(post("/numbers/100000", "a"))
                    #expect(client.answer()?.body == numbers(100_000))
                }
                client.send(post("/numbers/1000000000", "a"))
                #expect(client.skip(1_000_000))
                other.send(post("/whole", "a"))
                #expect(other.answer()?.status == 429)
                for _ in 0..<20 { #expect(service.record.ends.happens()) }
            }
            #expect(service.record.ends.happens())
            var status = 429
            for _ in 0..<1_000 where status == 429 {
                other.send(post("/whole", "a"))
                status = other.answer()?.status ?? 0
            }
            #expect(status == 200)
        }
    }

    @Test func `many streams and whole answers share the workers`() throws {
        try withServer(StreamService()) { port in
            let clients = try (0..<20).map { _ in try LoopbackClient(port: port) }
            for client in clients { client.send(post("/numbers/100000", "a")) }
            let other = try LoopbackClient(port: port)
            other.send(post("/whole", "a"))
            #expect(other.answer()?.text == "whole")
            for client in clients { #expect(client.answer()?.body == numbers(100_000)) }
        }
    }
}
