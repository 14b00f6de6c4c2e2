import ContentCoding
import Testing

struct AcceptEncodingTests {
    @Test(
        arguments: [
            ("", .identity), ("gzip", .gzip), ("GZIP", .gzip), ("x-gzip", .gzip), ("*", .gzip),
            ("gzip, deflate, br", .gzip), ("br", .identity), ("deflate", .identity),
            ("gzip;q=0.001", .gzip), ("gzip;q=0", .identity), ("gzip;q=0.000", .identity),
            ("gzip;q=1.000", .gzip), ("gzip ; Q=0.5", .gzip), ("gzip\t;\tq=0", .identity),
            ("gzip;q=0.5, identity", .identity), ("gzip, identity;q=0.5", .gzip),
            ("gzip;q=0.5, identity;q=0.5", .gzip), ("identity;q=0.5, *;q=0.4", .identity),
            ("identity;q=0.5, *;q=0.6", .gzip), ("gzip;q=0, *", .identity),
            ("identity;q=0", .none), ("identity;q=0, gzip", .gzipOnly), ("*;q=0", .none),
            ("*;q=0, gzip", .gzipOnly), ("gzip, *;q=0", .gzipOnly), ("*;q=0, identity", .identity),
            ("identity;q=0, *", .gzipOnly), ("identity;q=0, *;q=0", .none),
            ("gzip;q=0, identity;q=0", .none), ("*;q=0, identity, gzip;q=0.5", .identity),
            (", ,gzip, ,", .gzip), ("gzip;q=0, gzip", .identity),
            // Members that are none.
            ("gzip;q=2", .identity), ("gzip;q=1.001", .identity), ("gzip;q=0.0001", .identity),
            ("gzip;q=", .identity), ("gzip;q=.5", .identity), ("gzip;q=-1", .identity),
            ("gzip;q=1e0", .identity), ("gzip;q=0.5;x", .identity), ("gzip;level=1", .identity),
            ("identity;q=x, gzip;q=0.1", .gzip), (";q=1", .identity), ("gz ip", .identity),
            ("gzip;q =1", .identity),
        ] as [(String, AcceptEncoding)]
    )
    func `a client gets what it prefers`(_ value: String, _ expected: AcceptEncoding) {
        #expect(AcceptEncoding([value]) == expected)
    }

    @Test func `several lines are one list`() {
        #expect(AcceptEncoding(["br", "gzip;q=0.5", "identity;q=0"]) == .gzipOnly)
        #expect(AcceptEncoding([]) == .identity)
    }

    @Test func `a list is read up to its thirty-second member`() {
        let fillers = [String](repeating: "x", count: 31).joined(separator: ",")
        #expect(AcceptEncoding([fillers + ",gzip"]) == .gzip)
        #expect(AcceptEncoding([fillers + ",x,gzip"]) == .identity)
        #expect(AcceptEncoding([fillers, "x", "gzip"]) == .identity)
    }
}
