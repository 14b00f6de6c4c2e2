import Foundation
import SimulationFiles
import TestSupport
import Testing

@Suite struct SimulationTableTests {
    static let archives = [
        "stored", "f8", "big_f4", "big_f8", "i1", "u1", "i2", "big_i2", "u2", "i4", "u4", "i8",
        "big_i8", "u8", "bool", "fortran", "fortran_deflated",
    ]

    /// theta counts 0 … 9 and x 0 … 29, row by row; only parities in booleans.
    static func check(_ table: SimulationTable, name: String) throws {
        let modulus = name == "bool" ? 2 : 100
        #expect(table.count == 5)
        #expect(table.thetaDim == 2)
        #expect(table.xShape == [2, 3])
        #expect(try table.theta(of: 0..<5) == (0..<10).map { Float($0 % modulus) })
        #expect(try table.x(of: 0..<5) == (0..<30).map { Float($0 % modulus) })
        #expect(try table.theta(of: [4, 0, 1]) == [8, 9, 0, 1, 2, 3].map { Float($0 % modulus) })
        #expect(try table.x(of: [3]) == (18..<24).map { Float($0 % modulus) })
        #expect(try table.x(of: []) == [])
    }

    @Test(arguments: archives)
    func `what NumPy writes reads back`(name: String) throws {
        let fixture = try Fixture()
        try Self.check(fixture.table([Fixture.path("\(name).npz")]), name: name)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder) == [])
    }

    @Test(arguments: 1...3)
    func `pairs of npy files of each version read back`(version: Int) throws {
        let table = try Fixture().table(
            ["theta", "x"].map { Fixture.path("\($0)_\(version).npy") }
        )
        try Self.check(table, name: "npy")
        #expect(table.thetaNames == nil)
        #expect(table.place(ofRow: 3).hasSuffix("theta_\(version).npy: row 3"))
    }

    @Test func `one number a row is a vector of one`() throws {
        let table = try Fixture().table([Fixture.path("vectors.npz")])
        #expect(table.thetaDim == 1)
        #expect(table.xShape == [1])
        #expect(try table.theta(of: 0..<5) == [0, 2, 4, 6, 8])
        #expect(try table.x(of: 0..<5) == [0, 6, 12, 18, 24])
    }

    @Test func `shards are one table`() throws {
        let table = try Fixture().table([
            Fixture.path("stored.npz"), Fixture.path("theta_1.npy"), Fixture.path("x_2.npy"),
            Fixture.path("fortran.npz"),
        ])
        #expect(table.count == 15)
        #expect(try table.theta(of: [14, 0, 4, 5, 6]) == [8, 9, 0, 1, 8, 9, 0, 1, 2, 3])
        #expect(try table.x(of: 9..<11) == (24..<30).map(Float.init) + (0..<6).map(Float.init))
        #expect(table.place(ofRow: 11).hasSuffix("fortran.npz: row 1"))
        let whole = try table.appending(table)
        #expect(whole.count == 30)
        #expect(try whole.theta(of: [29]) == [8, 9])
    }

    @Test func `a written archive reads back`() throws {
        let fixture = try Fixture()
        let bytes = try #require(
            NPZFile.encoded([
                NPZFile.Entry(name: "theta", shape: [3, 1], values: [1, 2, 3]),
                NPZFile.Entry(name: "x", shape: [3, 2], values: [1, .nan, 3, 4, 5, .infinity]),
            ])
        )
        let table = try fixture.table([try fixture.write(bytes, "a.npz")])
        #expect(try table.theta(of: 0..<3) == [1, 2, 3])
        let x = try table.x(of: 0..<3)
        #expect(x[1].isNaN)
        #expect(x[2...] == [3, 4, 5, .infinity])
    }

    @Test func `float64 beyond single precision becomes infinite, as in NumPy`() throws {
        let fixture = try Fixture()
        var bytes = try Fixture.bytes("x_1.npy")
        let header = String(decoding: bytes[10..<128], as: UTF8.self)
            .replacing("<f4", with: "<f8").replacing("(5, 2, 3)", with: "(5, 1, 3)")
        bytes.replaceSubrange(10..<128, with: Array(header.utf8))
        let pattern = (1e300).bitPattern
        let large = (0..<8).map { UInt8(truncatingIfNeeded: pattern >> UInt64(8 * $0)) }
        bytes.replaceSubrange(128..<136, with: large)
        let table = try fixture.table([
            Fixture.path("theta_1.npy"), try fixture.write(bytes, "x.npy"),
        ])
        #expect(try table.x(of: [0])[0] == .infinity)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var files: [String]
        var parts: [String]
        var testDescription: String { files.joined(separator: ", ") }
    }

    @Test(arguments: [
        Refusal(files: ["objects.npz"], parts: ["objects.npz", "array theta", "pickle"]),
        Refusal(files: ["structured.npz"], parts: ["array theta", "structured"]),
        Refusal(files: ["complex.npz"], parts: ["array theta", "<c8", "expected float32"]),
        Refusal(files: ["other_names.npz"], parts: ["no array theta", "thetas, xs"]),
        Refusal(files: ["fewer_rows.npz"], parts: ["array x", "5 rows", "found 4"]),
        Refusal(files: ["cube.npz"], parts: ["array theta", "[5, 2, 3]", "[N, D]"]),
        Refusal(files: ["bomb.npz"], parts: ["bomb.npz", "x.npy", "would expand"]),
        Refusal(files: ["stored.npz", "vectors.npz"], parts: ["vectors.npz", "2 parameters"]),
        Refusal(files: ["theta_1.npy"], parts: ["theta_1.npy", "pairs"]),
        Refusal(files: ["x_1.npy", "theta_1.npy"], parts: ["x_1.npy", "[5, 2, 3]"]),
        Refusal(files: ["missing.npz"], parts: ["missing.npz", "cannot be opened"]),
        Refusal(files: ["README.md"], parts: ["README.md", "expected a file named"]),
        Refusal(files: [], parts: ["no files"]),
    ])
    func `what cannot be read is refused by name`(refusal: Refusal) throws {
        let fixture = try Fixture()
        let error = try #require(throws: SimulationFileError.self) {
            _ = try fixture.table(refusal.files.map { Fixture.path($0) })
        }
        for part in refusal.parts { #expect(error.description.contains(part), "\(error)") }
    }

    @Test(arguments: ["stored", "f8"])
    func `a damaged number is found by its checksum`(name: String) throws {
        let fixture = try Fixture()
        var bytes = try Fixture.bytes("\(name).npz")
        // Inside the data of theta: numbers when stored, codes when deflated.
        let place = name == "stored" ? 180 : 120
        bytes[place] ^= 1
        #expect(throws: SimulationFileError.self) {
            _ = try fixture.table([try fixture.write(bytes, "a.npz")])
        }
    }

    @Test func `every truncation is refused`() throws {
        let fixture = try Fixture()
        for name in ["stored.npz", "f8.npz", "x_1.npy"] {
            let bytes = try Fixture.bytes(name)
            for count in stride(from: 0, to: bytes.count, by: 7) {
                let path = try fixture.write(Array(bytes.prefix(count)), name)
                let files = name == "x_1.npy" ? [Fixture.path("theta_1.npy"), path] : [path]
                #expect(throws: SimulationFileError.self, "\(name) cut at \(count)") {
                    _ = try fixture.table(files)
                }
            }
        }
    }

    @Test func `members that overlap are refused`() throws {
        let fixture = try Fixture()
        var bytes = try Fixture.bytes("stored.npz")
        // The second entry of the table is turned into one of the first member's data.
        let tables = bytes.indices.dropLast(4).filter {
            bytes[$0..<$0 + 4].elementsEqual([0x50, 0x4b, 1, 2])
        }
        let first = Array(bytes[tables[0] + 42..<tables[0] + 46])
        bytes.replaceSubrange(tables[1] + 42..<tables[1] + 46, with: first)
        #expect(throws: SimulationFileError.self) {
            _ = try fixture.table([try fixture.write(bytes, "a.npz")])
        }
    }

    @Test(arguments: ["stored.npz", "f8.npz", "fortran_deflated.npz", "x_3.npy", "table.csv"])
    func `random changes are read or refused, never worse`(name: String) throws {
        let fixture = try Fixture()
        var generator = SeededGenerator(seed: 41)
        let good =
            name == "table.csv"
            ? Array("theta_1,\"x 1\",x2\n1,2,3\n-4.5,nan,6e7\n".utf8) : try Fixture.bytes(name)
        for _ in 0..<1500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2: bytes.removeSubrange(place..<min(place + 3, bytes.count))
                default: bytes.insert(contentsOf: bytes.suffix(5), at: place)
                }
                if bytes.isEmpty { bytes = good }
            }
            let path = try fixture.write(bytes, name)
            let files = name == "x_3.npy" ? [Fixture.path("theta_1.npy"), path] : [path]
            do {
                let table = try fixture.table(files)
                // A count that survives is that of the file.
                let rows = min(table.count, 10)
                #expect(try table.x(of: 0..<rows).count == rows * table.xDim)
                #expect(try table.theta(of: 0..<rows).count == rows * table.thetaDim)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
