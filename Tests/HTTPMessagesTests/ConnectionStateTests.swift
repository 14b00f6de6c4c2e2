import HTTPMessages
import HTTPTypes
import Testing

@Suite struct ConnectionStateTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"

    private func text(_ transcript: WireTranscript) -> String {
        String(decoding: transcript.output, as: UTF8.self)
    }

    @Test func `pipelined requests are answered in order`() {
        var transcript = WireTranscript()
        transcript.receive(Self.get + Self.post + "\r\nhello" + Self.get + "GET /b HT")
        #expect(transcript.lines == ["GET /a", "POST /p hello", "GET /a"])
        transcript.receive("TP/1.1\r\nHost: a\r\n\r\n")
        #expect(transcript.lines.last == "GET /b")
        #expect(text(transcript).components(of: "HTTP/1.1 200 OK\r\n") == 4)
    }

    @Test func `nothing is read after an answer that closes`() {
        var transcript = WireTranscript()
        transcript.receive("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + Self.get)
        #expect(transcript.lines == ["GET /a", "last"])
        #expect(text(transcript).contains("Connection: close\r\n"))
        transcript.receive(Self.get)
        #expect(transcript.lines == ["GET /a", "last"])
    }

    @Test func `the last request a connection may make is answered with close`() {
        var limits = HTTPLimits()
        limits.requestsPerConnection = 2
        var transcript = WireTranscript(limits: limits)
        transcript.receive(Self.get + Self.get + Self.get)
        #expect(transcript.lines == ["GET /a", "GET /a", "last"])
        #expect(text(transcript).components(of: "Connection: close\r\n") == 1)
    }

    @Test func `a client that expects 100 gets it once its header is accepted`() {
        var transcript = WireTranscript()
        transcript.receive(Self.post + "Expect: 100-Continue\r\n\r\n")
        #expect(transcript.lines == ["100"])
        transcript.receive("hello")
        #expect(transcript.lines == ["100", "POST /p hello"])
    }

    @Test func `a client that already sends content gets no 100`() {
        var transcript = WireTranscript()
        transcript.receive(Self.post + "Expect: 100-continue\r\n\r\nh")
        transcript.receive("ello")
        #expect(transcript.lines == ["POST /p hello"])
    }

    @Test func `a client that expects 100 gets 413 instead when its body is too long`() {
        var transcript = WireTranscript()
        transcript.bodyLimit = 4
        transcript.receive(Self.post + "Expect: 100-continue\r\n\r\n")
        #expect(transcript.lines == ["413 bodyTooLarge(limitBytes: 4)", "last"])
    }

    @Test func `an old client gets neither 100 nor keep-alive`() {
        var transcript = WireTranscript()
        let head = "POST /p HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        transcript.receive(head)
        #expect(transcript.lines == [])
        transcript.receive("a")
        #expect(transcript.lines == ["POST /p a", "last"])
        #expect(text(transcript).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `a direct answer to a request with content closes, since content is unread`() {
        var state = ConnectionState(limits: HTTPLimits(), at: MonotonicTime(nanoseconds: 0))
        let now = MonotonicTime(nanoseconds: 1)
        state.receive(Array((Self.post + "\r\nhello").utf8).span, at: now)
        guard case .admit = state.nextAction(at: now) else {
            Issue.record("not admitted")
            return
        }
        var output: [UInt8] = []
        let response = ServerResponse(head: HTTPResponse(status: .notFound), body: [0x61])
        let serializer = ResponseSerializer()
        let body = state.respond(response, serializer: serializer, to: &output, at: now)
        #expect(body == [0x61])
        #expect(String(decoding: output, as: UTF8.self).contains("Connection: close\r\n"))
    }

    // RFC 9112 §9.3 leaves a server that answers early the choice to read the rest.
    @Test(arguments: [1, 3, Int.max])
    func `a request refused for lack of room leaves its connection to the next`(_ size: Int) {
        var transcript = WireTranscript()
        transcript.isFull = true
        // What looks like a request is content, and dropped with it.
        let content = Self.get
        let head =
            "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.utf8.count)\r\n\r\n"
        let input = Array((head + content + head + content + Self.get).utf8)
        for start in stride(from: 0, to: input.count, by: min(size, input.count)) {
            transcript.receive(Array(input[start...].prefix(size)))
        }
        #expect(transcript.lines == ["503 overloaded", "503 overloaded", "GET /a"])
        #expect(!text(transcript).contains("Connection: close"))
        #expect(text(transcript).components(of: "Retry-After: 1\r\n") == 2)
    }

    @Test(arguments: [
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        "POST /p HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
    ])
    func `it does not where the rest is long, its end unknown, or nobody sends it`(_ head: String) {
        var transcript = WireTranscript()
        transcript.isFull = true
        transcript.receive(head + Self.get)
        #expect(transcript.lines == ["503 overloaded", "last"])
        #expect(text(transcript).contains("Connection: close\r\n"))
    }

    @Test func `content that is dropped has ten seconds in all, however it trickles`() {
        var transcript = WireTranscript()
        transcript.isFull = true
        transcript.receive("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n")
        for _ in 0..<9 {
            transcript.pass(.seconds(1))
            transcript.receive("a")
        }
        #expect(transcript.lines == ["503 overloaded"])
        transcript.pass(.seconds(1))
        #expect(transcript.lines == ["503 overloaded", "closed"])
    }

    @Test func `content that is dropped may end with the input, or with the server`() {
        var ended = WireTranscript()
        ended.isFull = true
        ended.receive(Self.post + "\r\nhe")
        ended.endInput()
        #expect(ended.lines == ["503 overloaded", "closed"])
        var drained = WireTranscript()
        drained.isFull = true
        drained.receive(Self.post + "\r\nhe")
        drained.state.beginDrain()
        drained.settle()
        #expect(drained.lines == ["503 overloaded"])
        drained.receive("llo" + Self.get)
        #expect(drained.lines == ["503 overloaded", "last"])
    }

    @Test func `HEAD is answered with the length of GET and no content`() {
        var transcript = WireTranscript()
        transcript.receive("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(text(transcript).hasSuffix("Content-Length: 2\r\n\r\n"))
    }

    @Test func `HEAD is refused without content as well`() {
        var transcript = WireTranscript()
        transcript.receive("HEAD /a HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n")
        #expect(transcript.lines == ["400 malformedFieldName", "last"])
        #expect(text(transcript).hasSuffix("\r\n\r\n"))
    }

    @Test func `an idle connection is closed in silence`() {
        var transcript = WireTranscript()
        transcript.receive(Self.get)
        transcript.output = []
        transcript.pass(.seconds(74))
        #expect(transcript.lines == ["GET /a"])
        transcript.pass(.seconds(1))
        #expect(transcript.lines == ["GET /a", "closed"])
        #expect(transcript.output.isEmpty)
    }

    @Test func `a header section has ten seconds in all, however it trickles`() {
        var transcript = WireTranscript()
        transcript.receive("G")
        for byte in "ET /a HTT" {
            transcript.pass(.seconds(1))
            transcript.receive(String(byte))
        }
        #expect(transcript.lines == [])
        transcript.pass(.seconds(1))
        #expect(transcript.lines == ["408 headerTimeout", "last"])
    }

    @Test func `a body that stands still times out`() {
        var transcript = WireTranscript()
        transcript.receive(Self.post + "\r\nhel")
        transcript.pass(.milliseconds(9_999))
        #expect(transcript.lines == [])
        transcript.pass(.milliseconds(1))
        #expect(transcript.lines == ["408 bodyTimeout", "last"])
    }

    @Test func `a body below a kibibyte a second times out though it moves`() {
        var transcript = WireTranscript()
        transcript.bodyLimit = 1_000_000
        transcript.receive("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        for _ in 0..<20 {
            transcript.receive([UInt8](repeating: 0x61, count: 1_100))
            transcript.pass(.seconds(1))
        }
        #expect(transcript.lines == [])
        for _ in 0..<20 {
            transcript.receive([0x61])
            transcript.pass(.milliseconds(100))
        }
        #expect(transcript.lines == ["408 bodyTimeout", "last"])
    }

    @Test func `an answer that takes too long to compute is 503`() {
        var transcript = WireTranscript()
        let now = transcript.now
        transcript.state.receive(Array((Self.post + "\r\nhello").utf8).span, at: now)
        _ = transcript.state.nextAction(at: now)
        transcript.state.readBody(limitBytes: 9, at: now)
        _ = transcript.state.nextAction(at: now)
        #expect(transcript.state.isComputing)
        transcript.pass(.seconds(60))
        #expect(transcript.lines == ["503 computeTimeout"])
        #expect(!transcript.state.isComputing)
    }

    @Test func `a peer that takes no output is cut off`() {
        var transcript = WireTranscript()
        transcript.drainsOutput = false
        transcript.receive(Self.get)
        transcript.state.outputBlocked(at: transcript.now)
        #expect(!transcript.state.wantsInput)
        transcript.receive(Self.get)
        #expect(transcript.lines == ["GET /a"])
        transcript.pass(.seconds(30))
        #expect(transcript.lines == ["GET /a", "closed"])
    }

    @Test func `output that drains lets the waiting request through`() {
        var transcript = WireTranscript()
        transcript.receive(Self.get)
        transcript.state.outputBlocked(at: transcript.now)
        transcript.receive(Self.get)
        transcript.state.outputDrained(at: transcript.now)
        transcript.settle()
        #expect(transcript.lines == ["GET /a", "GET /a"])
    }

    @Test func `the end of input inside a message is never handed over`() {
        for part in ["GET /", Self.post + "\r\nhel", "GET /a HTTP/1.1\r\nHost: a\r\n"] {
            var transcript = WireTranscript()
            transcript.receive(part)
            transcript.endInput()
            #expect(transcript.lines == ["closed"])
            #expect(transcript.output.isEmpty)
        }
    }

    @Test func `requests sent before the end of input are answered`() {
        var transcript = WireTranscript()
        transcript.state.endInput()
        transcript.receive(Self.get + Self.get)
        #expect(transcript.lines == ["GET /a", "GET /a", "closed"])
    }

    @Test func `a drain closes an idle connection and lets a busy one finish`() {
        var idle = WireTranscript()
        idle.receive(Self.get)
        idle.state.beginDrain()
        idle.settle()
        #expect(idle.lines == ["GET /a", "closed"])
        var busy = WireTranscript()
        busy.receive(Self.post + "\r\nhel")
        busy.state.beginDrain()
        busy.receive("lo")
        #expect(busy.lines == ["POST /p hello", "last"])
        #expect(text(busy).contains("Connection: close\r\n"))
    }

    @Test func `after the last answer input is dropped within bounds`() {
        var transcript = WireTranscript()
        transcript.receive("X")
        transcript.receive("(")
        transcript.receive("\r\n")
        #expect(transcript.lines == ["400 malformedRequestLine", "last"])
        for _ in 0..<4 { transcript.receive([UInt8](repeating: 0, count: 65_536)) }
        #expect(transcript.lines.count == 2)
        transcript.receive([0])
        #expect(transcript.lines.last == "closed")
    }

    @Test func `after the last answer the peer has two seconds to close`() {
        var transcript = WireTranscript()
        transcript.receive("(")
        transcript.pass(.seconds(2))
        #expect(transcript.lines == ["400 malformedRequestLine", "last", "closed"])
    }

    @Test func `time saturates instead of overflowing`() {
        let late = MonotonicTime(nanoseconds: .max - 1)
        #expect(late.advanced(by: .seconds(1)).nanoseconds == .max)
        #expect(late.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
        #expect(late.advanced(by: .seconds(-1)) == late)
        let early = MonotonicTime(nanoseconds: 5)
        #expect(early.advanced(by: .milliseconds(1_500)).nanoseconds == 1_500_000_005)
    }
}

extension String {
    /// How often a piece of text occurs.
    fileprivate func components(of piece: String) -> Int {
        var count = 0
        var rest = Substring(self)
        while let range = rest.firstRange(of: piece) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
