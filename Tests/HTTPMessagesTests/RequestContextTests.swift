import HTTPMessages
import HTTPTypes
import Testing

@Suite struct RequestContextTests {
    private func context(_ fields: [(String, String)]) throws -> RequestContext {
        var request = HTTPRequest(method: .get, scheme: "http", authority: "test", path: "/")
        for (name, value) in fields {
            request.headerFields.append(HTTPField(name: try #require(.init(name)), value: value))
        }
        return RequestContext(request, random: (0xABC, 0xDEF))
    }

    @Test(arguments: ["a", "7f-3.B_z", String(repeating: "x", count: 64)])
    func `a request keeps the name its client gave it`(name: String) throws {
        #expect(try context([("X-Request-Id", name)]).id == name)
    }

    @Test(arguments: [
        [], [""], ["a b"], ["a\"b"], ["é"], ["a", "b"], ["a/b"],
        [String(repeating: "x", count: 65)],
    ])
    func `a name that could be read in two ways is replaced`(names: [String]) throws {
        #expect(try context(names.map { ("X-Request-Id", $0) }).id == "0000000000000abc")
    }

    static let trace = "0af7651916cd43dd8448eb211c80319c"

    // Examples and rules of W3C Trace Context, §3.2.2 and §4.2.
    @Test(arguments: [
        ("00-\(trace)-b7ad6b7169203331-01", "00-\(trace)-0000000000000def-01"),
        ("00-\(trace)-b7ad6b7169203331-00", "00-\(trace)-0000000000000def-00"),
        ("00-\(trace)-b7ad6b7169203331-ff", "00-\(trace)-0000000000000def-03"),
        ("cc-\(trace)-b7ad6b7169203331-01", "00-\(trace)-0000000000000def-01"),
        ("cc-\(trace)-b7ad6b7169203331-01-what-follows", "00-\(trace)-0000000000000def-01"),
    ])
    func `a trace goes on under a span of the server's own`(field: String, own: String) throws {
        #expect(try context([("traceparent", field)]).trace?.traceparent == own)
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-b7ad6b7169203331-01-", "00-\(trace)-b7ad6b7169203331-0",
        "ff-\(trace)-b7ad6b7169203331-01", "00-\(trace.uppercased())-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-\(trace)-0000000000000000-01", "00-\(trace)-B7ad6b7169203331-01",
        "00_\(trace)-b7ad6b7169203331-01", "cc-\(trace)-b7ad6b7169203331-01.x",
        "00-\(trace)-b7ad6b7169203331-0g", "00-\(trace)xb7ad6b7169203331-01",
        "0-\(trace)-b7ad6b7169203331-011",
    ])
    func `a trace that is not well-formed is not gone on with`(field: String) throws {
        let trace = try #require(try context([("traceparent", field)]).trace)
        #expect(trace.traceText == "fffffffffffff543fffffffffffff210")
        #expect(trace.flags == 0)
    }

    @Test func `two traces are none`() throws {
        let field = ("traceparent", "00-\(Self.trace)-b7ad6b7169203331-01")
        #expect(try context([field, field]).trace?.traceText != Self.trace)
        #expect(try context([]).trace == nil)
    }
}
