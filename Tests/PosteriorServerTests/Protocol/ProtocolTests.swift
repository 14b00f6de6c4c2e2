import Foundation
import TestSupport
import Testing

/// The table of protocol cases against the program, over real connections.
@Suite(.serialized) struct ProtocolTests {
    enum Way: String, CaseIterable, Sendable {
        case whole
        case byteByByte
        case withSecondRequest
        case withGarbage
    }

    private static let second = Array(
        "GET /v2/health/live HTTP/1.1\r\nHost: second\r\n\r\n".utf8
    )

    @Test func `the table has as many cases as were promised, each with a name of its own`() throws
    {
        let cases = try ProtocolCase.all()
        #expect(cases.count >= 200)
        #expect(Set(cases.map(\.name)).count == cases.count)
    }

    @Test(arguments: ProtocolTransport.allCases, Way.allCases)
    func `every case has its outcome, however it arrives and whatever follows`(
        _ transport: ProtocolTransport,
        _ way: Way
    ) throws {
        let program = try ServerProgram()
        let arguments = try transport.arguments(program)
        let running = try RunningProgram(program, arguments)
        defer { running.stop() }
        for wire in try ProtocolCase.all() {
            let problem = try Self.problem(wire, way) { input, pieceSize in
                let stream = try transport.connect(port: running.port, program)
                var rest = input[...]
                while !rest.isEmpty, stream.send(rest.prefix(pieceSize)) {
                    rest = rest.dropFirst(pieceSize)
                }
                stream.endOutput()
                return stream.readToEnd()
            }
            if let problem {
                Issue.record("\(wire.name) (\(wire.section)), \(way), \(transport): \(problem)")
            }
        }
    }

    private static func problem(
        _ wire: ProtocolCase,
        _ way: Way,
        _ exchange: ([UInt8], Int) throws -> [UInt8]?
    ) throws -> String? {
        var input = wire.input
        var expected = wire.expected
        switch way {
        case .whole, .byteByByte: break
        case .withSecondRequest, .withGarbage:
            // What follows an incomplete request belongs to it.
            guard !expected.isEmpty else { return nil }
            input += way == .withGarbage ? [0x00, 0xFF] : second
            if !wire.closes {
                let isGarbage = way == .withGarbage
                expected.append(.init(statuses: [isGarbage ? 400 : 200], closes: isGarbage))
            }
        }
        guard let received = try exchange(input, way == .byteByByte ? 1 : .max) else {
            return "the connection did not end"
        }
        let answers = ProtocolAnswers(
            received,
            firstIsHead: wire.input.starts(with: Array("HEAD ".utf8))
        )
        return answers.problem(expected)
    }

    @Test func `a client that waits for 100 gets it, and one that does not wait gets none`() throws
    {
        let program = try ServerProgram()
        let running = try RunningProgram(program, [])
        defer { running.stop() }
        let head =
            "POST /v1/models/two_moons/sample HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n"
            + "Expect: 100-continue\r\n\r\n"
        let body = #"{"observation":[0,0],"num_samples":1}"#
        for (pieces, count) in [([head, body], 2), ([head + body], 1)] {
            let stream = try TCPStream(port: running.port)
            for piece in pieces {
                #expect(stream.send(Array(piece.utf8)[...]))
                // Longer than the server takes to say 100.
                usleep(300_000)
            }
            stream.endOutput()
            let text = String(decoding: try #require(stream.readToEnd()), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK") == (count == 2))
            #expect(text.components(separatedBy: "HTTP/1.1 ").count == count + 1)
        }
    }
}
