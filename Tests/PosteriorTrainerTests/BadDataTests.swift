import Foundation
import SimulationFiles
import TestSupport
import Testing

/// `train` on data that make no sense: exit code 1, a sentence with file and place, and nothing
/// written.
@Suite struct BadDataTests {
    /// Runs `train` and expects it to fail with these parts of a message.
    private func expectRefusal(
        _ program: TrainerProgram,
        _ flags: String,
        _ parts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try program.contents()
        let run = try program.run("train \(flags) --output models/mine/1 \(TrainerProgram.quick)")
        #expect(run.status == 1, "\(run)", sourceLocation: sourceLocation)
        #expect(run.output.isEmpty, "\(run)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(run.errors.contains(part), "\(run)", sourceLocation: sourceLocation)
        }
        #expect(run.errors.hasPrefix("Error: "), "\(run)", sourceLocation: sourceLocation)
        #expect(try program.contents() == before, sourceLocation: sourceLocation)
    }

    struct File: Sendable, CustomTestStringConvertible {
        var name: String
        var parts: [String]
        var testDescription: String { name }
    }

    /// Files of SimulationFilesTests, which NumPy wrote.
    @Test(arguments: [
        File(name: "objects.npz", parts: ["objects.npz: array theta", "object", "pickle"]),
        File(name: "structured.npz", parts: ["structured.npz: array theta", "structured type"]),
        File(name: "complex.npz", parts: ["complex.npz: array theta", "<c8"]),
        File(name: "fewer_rows.npz", parts: ["array x: expected 5 rows", "found 4"]),
        File(name: "cube.npz", parts: ["cube.npz: array theta", "[5, 2, 3], expected [N, D]"]),
        File(name: "other_names.npz", parts: ["there is no array theta; there are thetas, xs"]),
        File(name: "bomb.npz", parts: ["bomb.npz", "x.npy", "would expand"]),
        File(name: "missing.npz", parts: ["missing.npz: cannot be opened"]),
        File(name: "README.md", parts: ["README.md: expected a file named .npz, .npy or .csv"]),
        File(name: "theta_1.npy", parts: ["theta_1.npy: .npy files come in pairs"]),
    ])
    func `a file that cannot be read is refused by name`(file: File) throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "SimulationFilesTests/Fixtures").path()
        try expectRefusal(
            try TrainerProgram(),
            "--data \(fixtures)/\(file.name) --fit-prior box",
            file.parts
        )
    }

    @Test(arguments: [0.05, 0.5, 0.9, 0.99])
    func `a file that is cut off is refused`(part: Double) throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        let bytes = try program.bytes("sims.npz")
        try bytes.prefix(Int(Double(bytes.count) * part))
            .write(to: URL(filePath: program.path("sims.npz")))
        try expectRefusal(program, "--data sims.npz --prior prior.json", ["sims.npz"])
    }

    struct Table: Sendable, CustomTestStringConvertible {
        var text: String
        var parts: [String]
        var testDescription: String { parts.joined(separator: " ") }
    }

    @Test(arguments: [
        Table(text: "", parts: ["sims.csv: line 1: the file is empty"]),
        Table(
            text: "theta_1,x_1\n1,2\n1,two\n",
            parts: ["sims.csv: line 3, column x_1: \"two\" is no number"]
        ),
        Table(
            text: "theta_1,x_1\n1,2\n1\n",
            parts: ["sims.csv: line 3", "has 1 fields, the first line has 2"]
        ),
        Table(text: "theta_1,y\n1,2\n", parts: ["column y", "--x-names"]),
        Table(text: "theta_1,theta_1,x\n1,2,3\n", parts: ["column theta_1: is there twice"]),
        Table(
            text: "theta_1,x_1\n1,2\n3,nan\n4,5\n",
            parts: ["1 of 3 rows", "sims.csv: line 3, x[0] (x_1) = nan", "--drop-invalid"]
        ),
    ])
    func `a bad table is refused with line and column`(table: Table) throws {
        let program = try TrainerProgram()
        try program.write(table.text, to: "sims.csv")
        try expectRefusal(program, "--data sims.csv --fit-prior box", table.parts)
    }

    @Test func `parameters outside the prior are counted and shown`() throws {
        let program = try TrainerProgram()
        var rows = Rows()
        for row in 10..<17 { rows.theta[2 * row] = Float(row) }
        try rows.write(to: program)
        let all = ["sims.npz: row 10, theta = [10.0, ", "sims.npz: row 14, ", "…"]
        try expectRefusal(
            program,
            "--data sims.npz --prior prior.json",
            ["7 of 60 rows have a theta outside the prior's support"] + all
        )
    }

    @Test func `columns that tell nothing are refused by name`() throws {
        let program = try TrainerProgram()
        var rows = Rows()
        for row in 0..<rows.count { rows.x[3 * row + 1] = 4 }
        try rows.write(to: program)
        try expectRefusal(
            program,
            "--data sims.npz --prior prior.json --x-names a,b,c",
            ["x[1] (b) is 4.0 in all rows and tells nothing", "--allow-constant"]
        )
        for row in 0..<rows.count { rows.x[3 * row + 1] = .infinity }
        try rows.write(to: program)
        try expectRefusal(
            program,
            "--data sims.npz --prior prior.json --drop-invalid",
            ["x[1] is NaN or infinite in all rows"]
        )
        for row in 0..<rows.count { rows.theta[2 * row + 1] = 0.5 }
        rows.x = Rows().x
        try rows.write(to: program)
        try expectRefusal(
            program,
            "--data sims.npz --prior prior.json",
            ["theta[1] (theta_2) is 0.5 in all rows: there is nothing to infer"]
        )
    }

    @Test func `too few rows to hold some out are refused`() throws {
        let program = try TrainerProgram()
        try Rows(12).write(to: program)
        try expectRefusal(
            program,
            "--data sims.npz --prior prior.json",
            ["12 usable rows", "at least 20 are needed"]
        )
    }

    @Test(arguments: [
        ("--x-names a,b", "--x-names: expected 3, one for each entry, found 2"),
        ("--theta-names a,a", "--theta-names: the names must differ"),
        ("--theta-units kg", "--theta-units: expected 2"),
        ("--x-shape 2,2", "--x-shape 2,2: the files have 3 entries of x a row"),
        ("--embedding trials", "--embedding trials: x of shape [3]"),
    ])
    func `what does not fit the data is refused`(flags: String, message: String) throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        try expectRefusal(program, "--data sims.npz --prior prior.json \(flags)", [message])
    }

    @Test(arguments: [
        ("{", "--prior prior.json: "),
        (#"{"type": "uniform"}"#, "--prior prior.json: type: expected"),
        (#"{"type": "box_uniform", "lower": [0]}"#, "--prior prior.json: upper"),
        (#"{"type": "box_uniform", "lower": [0], "upper": [1]}"#, "1 dimensions, theta has 2"),
        (
            #"{"type": "box_uniform", "lower": [0, 1], "upper": [1, 0]}"#,
            "the prior is invalid: "
        ),
    ])
    func `a prior that is none, or of another size, is refused`(
        prior: String,
        message: String
    ) throws {
        let program = try TrainerProgram()
        try Rows().write(to: program, prior: prior)
        try expectRefusal(program, "--data sims.npz --prior prior.json", [message])
    }

    @Test func `a prior that is not there is refused`() throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        try expectRefusal(
            program,
            "--data sims.npz --prior other.json",
            ["--prior other.json: there is no such file"]
        )
    }

    @Test func `shards that differ are refused`() throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        try Rows(xShape: [4]).archive().write(to: URL(filePath: program.path("other.npz")))
        try expectRefusal(
            program,
            "--data sims.npz other.npz --prior prior.json",
            ["other.npz: array x: expected rows of shape [3] as in sims.npz, found [4]"]
        )
    }
}
