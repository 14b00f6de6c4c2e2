import HTTPMessages
import HTTPTypes
import Testing

/// Drives a `ConnectionState` with bytes in pieces and writes down what came of them.
struct WireTranscript {
    /// What came of some input.
    enum Outcome: Equatable, CustomStringConvertible {
        case request(HTTPRequest, body: [UInt8])
        case refusal(HTTPParseError)
        case goOn
        case last
        case closed

        var description: String {
            switch self {
            case .request(let request, let body):
                let text = "\(request.method) \(request.path ?? "-")"
                return body.isEmpty ? text : text + " " + String(decoding: body, as: UTF8.self)
            case .refusal(let error): return "\(error.status.code) \(error)"
            case .goOn: return "100"
            case .last: return "last"
            case .closed: return "closed"
            }
        }
    }

    var state: ConnectionState
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var outcomes: [Outcome] = []
    var output: [UInt8] = []
    var bodyLimit = 1_000
    var drainsOutput = true
    /// Whether there is no room for requests with content.
    var isFull = false
    private static let serializer = ResponseSerializer()

    init(limits: HTTPLimits = HTTPLimits()) {
        state = ConnectionState(limits: limits, at: now)
    }

    /// Feeds bytes and carries out every action: requests without content are answered directly.
    mutating func receive(_ bytes: [UInt8]) {
        state.receive(bytes.span, at: now)
        settle()
    }

    mutating func receive(_ text: String) {
        receive(Array(text.utf8))
    }

    mutating func endInput() {
        state.endInput()
        settle()
    }

    mutating func pass(_ time: Duration) {
        now = now.advanced(by: time)
        state.expire(at: now)
        settle()
    }

    mutating func settle() {
        while true {
            switch state.nextAction(at: now) {
            case .wait: return
            case .admit(let head):
                if head.framing.hasBody, isFull {
                    state.refuse(.overloaded)
                } else if head.framing.hasBody {
                    state.readBody(limitBytes: bodyLimit, at: now)
                } else {
                    outcomes.append(.request(head.request, body: []))
                    respond(ServerResponse(head: HTTPResponse(status: .ok), body: [0x6F, 0x6B]))
                }
            case .sendContinue: outcomes.append(.goOn)
            case .compute(let request, let body):
                outcomes.append(.request(request, body: body))
                respond(ServerResponse(head: HTTPResponse(status: .ok), body: body))
            case .refuse(let error):
                outcomes.append(.refusal(error))
                respond(error.response)
            case .finishOutput:
                guard drainsOutput else { return }
                state.outputDrained(at: now)
            case .shutDownOutput: outcomes.append(.last)
            case .close:
                outcomes.append(.closed)
                return
            }
        }
    }

    private mutating func respond(_ response: ServerResponse) {
        let body = state.respond(response, serializer: Self.serializer, to: &output, at: now)
        output.append(contentsOf: body)
    }

    /// The outcomes as text, one line each.
    var lines: [String] { outcomes.map(\.description) }

    /// The outcomes of an input that arrives in pieces of a size.
    static func outcomes(
        of input: [UInt8],
        pieceSize: Int = .max,
        limits: HTTPLimits = HTTPLimits()
    ) -> [Outcome] {
        var transcript = WireTranscript(limits: limits)
        var start = 0
        while start < input.count {
            let end = start + min(pieceSize, input.count - start)
            transcript.receive(Array(input[start..<end]))
            start = end
        }
        return transcript.outcomes
    }

    /// The same as text.
    static func lines(
        of input: [UInt8],
        pieceSize: Int = .max,
        limits: HTTPLimits = HTTPLimits()
    ) -> [String] {
        outcomes(of: input, pieceSize: pieceSize, limits: limits).map(\.description)
    }
}

/// One input and what has to come of it.
struct WireCase: Sendable, CustomTestStringConvertible {
    let section: String
    let input: [UInt8]
    let lines: [String]

    var testDescription: String {
        "\(section): \(String(decoding: input.prefix(60), as: UTF8.self).debugDescription)"
    }

    init(_ section: String, _ input: String, _ lines: String...) {
        self.section = section
        self.input = Array(input.utf8)
        self.lines = lines
    }

    init(_ section: String, bytes: [UInt8], _ lines: String...) {
        self.section = section
        input = bytes
        self.lines = lines
    }

    /// Whether the connection stays open after the input.
    private var goesOn: Bool { lines.last != "last" && !lines.isEmpty }

    /// Checks the input whole, byte by byte, cut in two everywhere, and with a second request.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        let limits = HTTPLimits()
        #expect(WireTranscript.lines(of: input) == lines, sourceLocation: sourceLocation)
        for size in [1, 7] {
            let found = WireTranscript.lines(of: input, pieceSize: size)
            #expect(found == lines, "pieces of \(size)", sourceLocation: sourceLocation)
        }
        for cut in 1..<max(1, min(input.count, 400)) {
            var transcript = WireTranscript(limits: limits)
            transcript.receive(Array(input[..<cut]))
            transcript.receive(Array(input[cut...]))
            if transcript.lines != lines {
                Issue.record("cut at \(cut): \(transcript.lines)", sourceLocation: sourceLocation)
                break
            }
        }
        guard !lines.isEmpty else { return }
        let second = Array("GET /second HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let expected = goesOn ? lines + ["GET /second"] : lines
        for size in [1, Int.max] {
            let found = WireTranscript.lines(of: input + second, pieceSize: size)
            #expect(found == expected, "with a second request", sourceLocation: sourceLocation)
        }
    }
}
