import HTTPMessages
import HTTPTypes
import TestSupport
import Testing

@Suite struct RequestLawsTests {
    private static let seeds: [String] = [
        "GET /v2/health/live HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
        "POST /v1/models/a/sample HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close, x\r\n\r\n",
        "PUT http://b:81/c?d HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAccept: */*\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
        "GET / HTTP/1.0\r\n\r\n",
    ]

    private static let fragments: [String] = [
        "\r\n", "\r", "\n", "\r\n\r\n", " ", "\t", ":", "\0", "Content-Length: ", "chunked",
        "Transfer-Encoding: chunked\r\n", "ffffffffffffffff", "9223372036854775807", "0\r\n\r\n",
        "HTTP/1.1", "%", "%00", ";", "\"", ",", "Host: a\r\n", "\u{FF}",
    ]

    private static func mutated(
        _ input: [UInt8],
        using generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where place < bytes.count:
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1 where place < bytes.count:
                let end = min(bytes.count, place + Int.random(in: 1...8, using: &generator))
                bytes.removeSubrange(place..<end)
            case 2:
                let fragment = fragments.randomElement(using: &generator) ?? ""
                bytes.insert(contentsOf: fragment.utf8, at: place)
            case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8(place % 8)
            default:
                let end = min(bytes.count, place + 16)
                bytes.append(contentsOf: Array(bytes[place..<end]))
            }
        }
        return bytes
    }

    #if DEBUG
    private static let rounds = 4_096
    #else
    private static let rounds = 65_536
    #endif

    /// In all 1,048,576 inputs in a release build, a sixteenth of that in a debug build.
    @Test(arguments: 0..<16)
    func `mutated requests never trap and mean the same in any pieces`(_ part: Int) {
        var generator = SeededGenerator(seed: UInt64(part) &+ 20_261_123)
        for round in 0..<Self.rounds {
            let first = Self.seeds.randomElement(using: &generator) ?? ""
            let second = Self.seeds.randomElement(using: &generator) ?? ""
            let input = Self.mutated(Array((first + second).utf8), using: &generator)
            let whole = WireTranscript.outcomes(of: input)
            let size = Int.random(in: 1...40, using: &generator)
            let pieces = WireTranscript.outcomes(of: input, pieceSize: size)
            // A 100 depends on whether content came along with the header section.
            guard whole.filter({ $0 != .goOn }) == pieces.filter({ $0 != .goOn }) else {
                Issue.record("part \(part), round \(round), pieces of \(size): \(whole) \(pieces)")
                return
            }
        }
    }

    @Test(arguments: 0..<64)
    func `a request that is written out reads back as it was`(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options, .head]
        let method = try #require(methods.randomElement(using: &generator))
        let length = Int.random(in: 0...40, using: &generator)
        let letters = Array("abcXYZ019-._~!$&'()*+,;=:@/?")
        let path =
            "/" + String((0..<length).compactMap { _ in letters.randomElement(using: &generator) })
        var request = HTTPRequest(method: method, scheme: "http", authority: "a:1", path: path)
        for index in 0..<Int.random(in: 0...20, using: &generator) {
            let name = try #require(HTTPField.Name("X-\(index % 7)"))
            let value = String(
                (0..<length).compactMap { _ in letters.randomElement(using: &generator) }
            )
            request.headerFields.append(HTTPField(name: name, value: value))
        }
        var text = "\(method) \(path) HTTP/1.1\r\nHost: a:1\r\n"
        for field in request.headerFields { text += "\(field.name): \(field.value)\r\n" }
        var parser = RequestParser(limits: HTTPLimits())
        let input = Array((text + "\r\n").utf8)
        guard case .complete(let head, let consumed) = try parser.parse(input.span) else {
            Issue.record("incomplete: \(text)")
            return
        }
        #expect(head.request == request)
        #expect(consumed == input.count)
        #expect(parser.isAtStart)
    }

    @Test(arguments: 0..<64)
    func `chunks put together are what was taken apart`(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let body = (0..<Int.random(in: 0...2_000, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        var wire: [UInt8] = []
        var start = 0
        while start < body.count {
            let size = Int.random(in: 1...min(300, body.count - start), using: &generator)
            wire += Array("\(String(size, radix: 16));x=\"\(start)\"\r\n".utf8)
            wire += body[start..<(start + size)] + [0x0D, 0x0A]
            start += size
        }
        wire += Array("0\r\nDigest: x\r\n\r\nrest".utf8)
        var decoder = ChunkedDecoder(limits: HTTPLimits(), bodyLimit: 2_000)
        var decoded: [UInt8] = []
        var consumed = 0
        while !decoder.isComplete {
            let end = min(wire.count, consumed + Int.random(in: 1...100, using: &generator))
            consumed += try decoder.decode(wire.span.extracting(consumed..<end), into: &decoded)
        }
        #expect(decoded == body)
        #expect(wire.count - consumed == 4)
    }

    @Test func `time is linear however a long header is cut`() {
        let line = "X: \(String(repeating: "y", count: 8_000))\r\n"
        let input = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + line + line + line + "\r\n").utf8)
        // The shortest of some times: others may have met an interruption.
        func time(pieceSize: Int) -> Duration {
            (0..<10).map { _ in
                ContinuousClock().measure {
                    _ = WireTranscript.lines(of: input, pieceSize: pieceSize)
                }
            }.min() ?? .zero
        }
        let (whole, bytes) = (time(pieceSize: 2_000), time(pieceSize: 1))
        // A parser that looks at a partial line again for each byte takes a thousand times longer.
        #expect(bytes < whole * 200)
    }
}
