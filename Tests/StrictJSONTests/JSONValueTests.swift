import StrictJSON
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(text.utf8)).root
    }

    @Test func `values of every type are read`() throws {
        let root = try parse(
            #"{"n":null,"t":true,"f":false,"s":"a\u00e9\uD834\uDD1E\n","x":-1.5,"a":[1,"b",[]]}"#
        )
        #expect(root.kind == .object)
        let members = root.members
        #expect(members.map(\.name) == ["n", "t", "f", "s", "x", "a"])
        #expect(members[0].value.kind == .null)
        #expect(members[1].value.boolean == true)
        #expect(members[2].value.boolean == false)
        #expect(members[3].value.string == "aé𝄞\n")
        #expect(members[4].value.double == -1.5)
        let elements = members[5].value.elements
        #expect(elements.map(\.kind) == [.number, .string, .array])
        #expect(elements[0].integer(as: Int.self) == 1)
        #expect(elements[2].count == 0)
    }

    @Test func `arrays of numbers read the same flat and as elements`() throws {
        let root = try parse("[[1, 2.5,\n-3e2] , [4,5,6]]")
        var values: [Float] = []
        for row in root.elements {
            #expect(row.isNumberArray)
            try row.appendFloats(to: &values)
        }
        #expect(values == [1, 2.5, -300, 4, 5, 6])
        let boxed = root.elements.flatMap(\.elements).compactMap(\.float)
        #expect(boxed == values)
        #expect(try root.elements[0].doubles() == [1, 2.5, -300])
    }

    @Test func `a number out of range is reported with its index and text`() throws {
        let root = try parse("[1,2,1e400,3]")
        #expect(root.isNumberArray)
        var values: [Float] = []
        let problem = #expect(throws: JSONValue.NumberProblem.self) {
            try root.appendFloats(to: &values)
        }
        #expect(problem?.index == 2)
        #expect(problem?.value.summary == "the number 1e400")
        #expect(throws: JSONValue.NumberProblem.self) { try root.doubles() }
    }

    @Test func `another type among numbers is reported`() throws {
        let root = try parse("[1,true,3]")
        #expect(!root.isNumberArray)
        var values: [Float] = []
        let problem = #expect(throws: JSONValue.NumberProblem.self) {
            try root.appendFloats(to: &values)
        }
        #expect(problem?.index == 1)
        #expect(problem?.value.summary == "true")
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1000", 1000), ("1e3", 1000), ("1000.0", 1000), ("-5", -5),
        ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ("12300e-2", 123), ("1.50e1", 15),
    ])
    func `whole numbers are read exactly`(text: String, expected: Int) throws {
        #expect(try parse(text).integer(as: Int.self) == expected)
    }

    @Test(arguments: [
        "1.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e400", "true", "\"1\"",
        "123456789012345678901234567890", "1e19",
    ])
    func `what is no whole number of the type is refused`(text: String) throws {
        #expect(try parse(text).integer(as: Int.self) == nil)
    }

    @Test func `seeds of 64 bits keep every bit`() throws {
        #expect(try parse("18446744073709551615").integer(as: UInt64.self) == .max)
        #expect(try parse("18446744073709551616").integer(as: UInt64.self) == nil)
        #expect(try parse("-1").integer(as: UInt64.self) == nil)
    }

    @Test func `the text of a value is what was written`() throws {
        let root = try parse(#" {"a": [1, {"b":"]}\""}] , "c":"x","d": 1e5 } "#)
        #expect(
            String(decoding: root.members[0].value.text, as: UTF8.self) == #"[1, {"b":"]}\""}]"#
        )
        #expect(String(decoding: root.members[1].value.text, as: UTF8.self) == #""x""#)
        #expect(String(decoding: root.members[2].value.text, as: UTF8.self) == "1e5")
        #expect(root.text.first == UInt8(ascii: "{") && root.text.last == UInt8(ascii: "}"))
    }

    @Test func `fields name what is wrong with them`() throws {
        let fields = try JSONField(
            parse(#"{"count":0,"name":1,"nothing":null,"list":[1,"x"],"nmae":2}"#),
            path: ""
        ).object()
        #expect(
            throws: JSONFieldError.mismatch(
                path: "count",
                expected: "an integer from 1 to 9",
                found: "the number 0"
            )
        ) { try fields.required("count", expected: "").integer(in: 1...9) }
        #expect(
            throws: JSONFieldError.mismatch(
                path: "name",
                expected: "a string",
                found: "the number 1"
            )
        ) { try fields.required("name", expected: "").string() }
        #expect(throws: JSONFieldError.missing(path: "nothing", expected: "a cat")) {
            try fields.required("nothing", expected: "a cat")
        }
        #expect(
            throws: JSONFieldError.mismatch(
                path: "list[1]",
                expected: "an integer from 0 to 5",
                found: "the string \"x\""
            )
        ) { try fields.required("list", expected: "").integers(in: 0...5) }
        #expect(throws: JSONFieldError.unknown(path: "nmae", suggestion: "name")) {
            try fields.refuseOthers(than: ["count", "name", "nothing", "list"])
        }
        #expect(fields.optional("nothing") == nil ? true : false)
    }

    @Test func `keys are compared by bytes, not by Unicode equivalence`() throws {
        let fields = try JSONField(parse("{\"\u{212A}\":1}"), path: "").object()
        #expect(fields.optional("K") == nil ? true : false)
        #expect(throws: JSONFieldError.self) { try fields.refuseOthers(than: ["K"]) }
    }

    @Test(arguments: [2, 15, 16, 17, 18, 40])
    func `a key that comes twice is found among few and many`(count: Int) throws {
        let members = (0..<count).map { "\"k\($0)\":{\"a\":[\($0)]}" }
        _ = try JSONDocument(parsing: Array("{\(members.joined(separator: ","))}".utf8))
        for twice in 0..<count {
            for key in ["k\(twice)", "\\u006b\(twice)"] {
                let text = "{\(members.joined(separator: ",")),\"\(key)\":1}"
                let error = #expect(throws: JSONError.self) {
                    try JSONDocument(parsing: Array(text.utf8))
                }
                #expect(error?.reason == .duplicateKey("k\(twice)"))
            }
        }
    }

    @Test func `members are found by their bytes`() throws {
        // "é" in one scalar and in two, which Swift calls equal.
        let text = "{\"a\":1,\"\\u0062\":2,\"\u{e9}\":3,\"e\u{301}\":4}"
        let root = try JSONDocument(parsing: Array(text.utf8)).root
        #expect(
            ["a", "b", "\u{e9}", "e\u{301}", "c"].map { root.member($0)?.double } == [
                1, 2, 3, 4, nil,
            ]
        )
        #expect(root.member("a")?.member("a") == nil)
    }
}
