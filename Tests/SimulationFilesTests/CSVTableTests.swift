import SimulationFiles
import Testing

@Suite struct CSVTableTests {
    @Test func `columns are split by their names' beginnings`() throws {
        let fixture = try Fixture()
        let path = try fixture.write(
            "\u{feff}x1,theta_a, x2 ,\"theta,b\"\r\n1,2,3,4\r\n-0.5,\"1e-3\",, nan \r\n\r\n",
            "a.csv"
        )
        let table = try fixture.table([path])
        #expect(table.count == 2)
        #expect(table.thetaNames == ["theta_a", "theta,b"])
        #expect(table.xNames == ["x1", "x2"])
        let theta = try table.theta(of: 0..<2)
        #expect(theta[..<3] == [2, 4, 1e-3])
        #expect(theta[3].isNaN)
        let x = try table.x(of: 0..<2)
        #expect(x[..<3] == [1, 3, -0.5])
        #expect(x[3].isNaN)
        #expect(table.place(ofRow: 1) == "\(path): line 3")
    }

    @Test func `columns are chosen by name`() throws {
        let fixture = try Fixture()
        let path = try fixture.write("index,b,a,c\n0,1,2,inf\n1,4,5,-6\n", "a.csv")
        let some = try fixture.table([path], thetaNames: ["a"], xNames: ["c"])
        #expect(try some.theta(of: 0..<2) == [2, 5])
        #expect(try some.x(of: 0..<2) == [.infinity, -6])
        let others = try fixture.table([path], thetaNames: ["c", "b"])
        #expect(others.thetaNames == ["c", "b"])
        #expect(others.xNames == ["index", "a"])
        #expect(try others.theta(of: [1]) == [-6, 4])
    }

    @Test func `a table longer than a block keeps every line`() throws {
        let fixture = try Fixture()
        let lines = (0..<60_000).map { "\($0),\($0 % 977).5,-\($0)" }.joined(separator: "\n")
        let path = try fixture.write("theta,x1,x2\n" + lines, "a.csv")
        let table = try fixture.table([path])
        #expect(table.count == 60_000)
        #expect(try table.theta(of: 0..<60_000) == (0..<60_000).map { Float($0) })
        #expect(try table.x(of: [59_999]) == [Float(59_999 % 977) + 0.5, -59_999])
    }

    struct Refusal: Sendable {
        var text: String
        var parts: [String]
        var thetaNames: [String]?
    }

    @Test(arguments: [
        Refusal(text: "", parts: ["line 1", "empty"]),
        Refusal(text: "theta,x\n1,2\n3,abc\n", parts: ["line 3", "column x", "\"abc\""]),
        Refusal(text: "theta,x\n1,0x10\n", parts: ["line 2", "column x", "\"0x10\""]),
        Refusal(text: "theta,x\n1,2\n3\n", parts: ["line 3", "1 fields"]),
        Refusal(text: "theta,x\n1,2\n\n3,4\n", parts: ["line 3", "empty"]),
        Refusal(text: "theta,theta,x\n", parts: ["line 1", "column theta", "twice"]),
        Refusal(text: "theta,,x\n", parts: ["line 1", "column 2", "no name"]),
        Refusal(text: "theta,x,id\n", parts: ["column id", "--theta-names"]),
        Refusal(text: "a,b\n1,2\n", parts: ["column a", "neither"]),
        Refusal(text: "theta,x\n", parts: ["no column b", "theta, x"], thetaNames: ["b"]),
        Refusal(text: "theta\n1\n", parts: ["no column of x"]),
    ])
    func `a bad table is refused by line and column`(refusal: Refusal) throws {
        let fixture = try Fixture()
        let path = try fixture.write(refusal.text, "a.csv")
        let error = try #require(throws: SimulationFileError.self) {
            _ = try fixture.table([path], thetaNames: refusal.thetaNames)
        }
        for part in [path] + refusal.parts {
            #expect(error.description.contains(part), "\(error)")
        }
    }

    @Test func `shards have the same columns`() throws {
        let fixture = try Fixture()
        let first = try fixture.write("theta,x\n1,2\n", "a.csv")
        let second = try fixture.write("x,theta\n1,2\n", "b.csv")
        let third = try fixture.write("theta,xx\n1,2\n", "c.csv")
        #expect(try fixture.table([first, second]).theta(of: 0..<2) == [1, 2])
        #expect(throws: SimulationFileError.self) { _ = try fixture.table([first, third]) }
    }
}
