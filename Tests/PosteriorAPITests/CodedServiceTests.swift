import ContentCoding
import HTTPMessages
import HTTPTypes
import PosteriorAPI
import Testing

/// `GET /page/N` has N bytes of text, `GET /binary` bytes that are none, `GET /stream` a stream, and
/// `POST` gives back what it got.
private struct PlainService: HTTPService {
    struct Letters: ResponseStream {
        var pieces = 40

        mutating func makePiece(
            ofAbout byteCount: Int,
            into piece: inout [UInt8],
            cancellation: Cancellation
        ) throws(ResponseStreamFailure) -> Bool {
            pieces -= 1
            piece = [UInt8](repeating: 0x61 + UInt8(pieces % 26), count: 1_000)
            return pieces > 0
        }
    }

    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        guard request.method != .post else { return .compute(limitBytes: 1 << 20) }
        var head = HTTPResponse(status: .ok, headerFields: [.contentType: "text/plain"])
        let path = request.path ?? ""
        if path == "/binary" { head.headerFields[.contentType] = "application/octet-stream" }
        if path == "/missing" { head.status = .notFound }
        if path == "/stream" { return .respond(ServerResponse(head: head, stream: Letters())) }
        let count = Int(path.split(separator: "/").last ?? "") ?? 5_000
        return .respond(ServerResponse(head: head, body: [UInt8](repeating: 0x61, count: count)))
    }

    func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        requests.map { request in
            request.body.count < 100 ? answer(request.body) : nil
        }
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        answer(request.body)
    }

    private func answer(_ body: [UInt8]) -> ServerResponse {
        let fields: HTTPFields = [.contentType: "application/json"]
        return ServerResponse(head: HTTPResponse(status: .ok, headerFields: fields), body: body)
    }
}

struct CodedServiceTests {
    private let service = CodedService(PlainService(), decodedBytes: 2 << 20)

    private func request(_ path: String, accepting value: String?) -> HTTPRequest {
        var request = HTTPRequest(method: .get, scheme: "http", authority: "test", path: path)
        if let value { request.headerFields[.acceptEncoding] = value }
        return request
    }

    private func answer(_ request: HTTPRequest, _ body: [UInt8] = []) throws -> ServerResponse {
        var context = RequestContext(request, random: (1, 2))
        let hasBody = !body.isEmpty
        switch service.admit(request, hasBody: hasBody, hasLength: hasBody, context: &context) {
        case .respond(let response): return response
        case .compute:
            return service.compute(
                AdmittedRequest(request, body: body, context: context),
                idleWorkers: 0,
                cancellation: Cancellation()
            )
        }
    }

    private func decoded(_ response: ServerResponse) throws -> [UInt8] {
        let coding = response.head.headerFields[.contentEncoding] ?? "identity"
        let decoder = try #require(ContentDecoder(coding))
        return try decoder.decode(response.body, limits: .init(bytes: 1 << 24))
    }

    @Test(
        arguments: [
            ("/page/1024", nil, false), ("/page/1024", "gzip", true), ("/page/1023", "gzip", false),
            ("/page/10", "gzip, *;q=0", true), ("/page/2000", "br", false),
            ("/page/2000", "gzip;q=0", false), ("/page/0", "gzip, identity;q=0", false),
        ] as [(String, String?, Bool)]
    )
    func `answers are compressed for those who like it, where it is worth it`(
        _ path: String,
        _ accepted: String?,
        _ isCompressed: Bool
    ) throws {
        let response = try answer(request(path, accepting: accepted))
        #expect(response.head.status == .ok)
        #expect(response.head.headerFields[.contentEncoding] == (isCompressed ? "gzip" : nil))
        #expect(response.head.headerFields[.vary] == "Accept-Encoding")
        let plain = try answer(request(path, accepting: nil))
        #expect(try decoded(response) == plain.body)
    }

    @Test func `what is not text stays as it is`() throws {
        let response = try answer(request("/binary", accepting: "gzip"))
        #expect(response.head.headerFields[.contentEncoding] == nil)
        #expect(response.head.headerFields[.vary] == nil)
    }

    @Test func `a client that takes nothing gets 406 before the work, but errors all the same`()
        throws
    {
        let refusal = try answer(request("/page/9", accepting: "identity;q=0"))
        #expect(refusal.head.status == .notAcceptable)
        #expect(refusal.head.headerFields[.vary] == "Accept-Encoding")
        #expect(try answer(request("/missing", accepting: "identity;q=0")).head.status == .notFound)
        var post = request("/", accepting: "*;q=0")
        post.method = .post
        var context = RequestContext(post, random: (1, 2))
        let admission = service.admit(post, hasBody: true, hasLength: true, context: &context)
        guard case .respond(let response) = admission else {
            Issue.record("the request was admitted")
            return
        }
        #expect(response.head.status == .notAcceptable)
    }

    @Test func `a stream is compressed as it goes`() throws {
        let response = try answer(request("/stream", accepting: "gzip"))
        #expect(response.head.headerFields[.contentEncoding] == "gzip")
        var stream = try #require(response.stream)
        var all: [UInt8] = []
        var goesOn = true
        while goesOn {
            var piece: [UInt8] = []
            goesOn = try stream.makePiece(ofAbout: 1, into: &piece, cancellation: Cancellation())
            all += piece
        }
        let content = try ContentDecoder.gzip.decode(all, limits: .init(bytes: 1 << 20))
        #expect(content.count == 40_000 && content.last == 0x61)
        #expect(all.count < 1_000)
    }

    @Test(arguments: ["gzip", "x-gzip", "GZIP"])
    func `requests are read that come compressed`(_ coding: String) throws {
        var post = request("/", accepting: nil)
        post.method = .post
        post.headerFields[.contentEncoding] = coding
        let body = try #require(GzipStream.compress(Array("hello".utf8)))
        #expect(try answer(post, body).body == Array("hello".utf8))
        let quick = AdmittedRequest(post, body: body, context: .init(post, random: (1, 2)))
        post.headerFields[.contentEncoding] = nil
        let plain = AdmittedRequest(post, body: [0x61], context: .init(post, random: (1, 2)))
        let answers = service.answerQuickly([quick, plain, quick])
        #expect(answers.map { $0?.body } == [nil, [0x61], nil])
    }

    @Test(arguments: ["br", "gzip, gzip", "gzip,deflate", "zstd", "compress"])
    func `codings that are not known are 415, and those that are are named`(_ coding: String) throws
    {
        var post = request("/", accepting: nil)
        post.method = .post
        post.headerFields[.contentEncoding] = coding
        let response = try answer(post, [1])
        #expect(response.head.status == .unsupportedMediaType)
        #expect(response.head.headerFields[.acceptEncoding] == "gzip, deflate")
    }

    @Test func `what does not decode is refused`() throws {
        var post = request("/", accepting: nil)
        post.method = .post
        post.headerFields[.contentEncoding] = "gzip"
        let good = try #require(GzipStream.compress(Array("hello".utf8)))
        for bad in [Array("hello".utf8), Array(good.dropLast()), good + [0], good + good] {
            #expect(try answer(post, bad).head.status == .badRequest)
        }
        let bomb = try #require(GzipStream.compress([UInt8](repeating: 0, count: 3 << 20)))
        #expect(try answer(post, bomb).head.status == .contentTooLarge)
    }
}
