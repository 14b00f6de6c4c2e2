import Foundation
import ModelStore
import StrictJSON
import TestSupport
import Testing

/// `evaluate` as a user sees it.
@Suite struct EvaluateCommandTests {
    private static let small =
        "--observations 20 --coverage-draws 40 --attack-steps 4 --evaluation-draws 8 --checks 5"

    /// A program with a small model of two moons.
    private func program() throws -> TrainerProgram {
        let program = try TrainerProgram()
        let run = try program.run("train \(TrainCommandTests.flags)")
        #expect(run.status == 0, "\(run)")
        return program
    }

    private func root(_ program: TrainerProgram, _ path: String) throws -> JSONFields {
        let bytes = try program.bytes(path)
        return try JSONField(JSONDocument(parsing: [UInt8](bytes)).root, path: "").object()
    }

    @Test func `the evaluation lies beside the model, where the server finds it`() throws {
        let program = try program()
        let run = try program.run("evaluate models/moons \(Self.small) --epsilon 0.5,0.1,0.5")
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("more steps and starts find no less"))
        let root = try root(program, "models/moons/1/evaluation.json")
        #expect(try root.required("task", expected: "").string() == "two_moons")
        #expect(try root.required("observations", expected: "").integer(in: 0...100) == 20)
        let levels = try root.required("levels", expected: "").elements()
        let epsilons = try levels.map {
            try $0.object().required("epsilon", expected: "").double()
        }
        #expect(epsilons == [0.1, 0.5])
        let coverage = try root.required("coverage", expected: "").object()
        #expect(try coverage.required("coverage", expected: "").doubles().count == 100)
        #expect(try root.required("masking_checks", expected: "").elements().count == 6)
        for picture in ["kl", "coverage", "score"] {
            let bytes = try program.bytes("models/moons/1/evaluation-\(picture).svg")
            #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("</svg>\n"))
        }
        let repository = try ModelRepository(scanning: program.path("models"))
        #expect(repository.refusals.isEmpty)
        #expect(repository.models.first?.evaluation != nil)
    }

    @Test func `the same arguments give the same bytes on any number of threads`() throws {
        let program = try program()
        _ = try program.run("evaluate models/moons/1 \(Self.small) --threads 1 --output one")
        _ = try program.run("evaluate models/moons/1 \(Self.small) --threads 2 --output two")
        #expect(try program.bytes("one/evaluation.json") == program.bytes("two/evaluation.json"))
    }

    @Test func `a model trained anew loses the evaluation of the old one`() throws {
        let program = try program()
        _ = try program.run("evaluate models/moons \(Self.small) --epsilon 1 --checks 0")
        #expect(try program.contents().contains("models/moons/1/evaluation.json"))
        let run = try program.run("train \(TrainCommandTests.flags) --force")
        #expect(run.status == 0, "\(run)")
        #expect(try !program.contents().contains { $0.contains("evaluation") })
    }

    @Test func `simulations may come from a file`() throws {
        let program = try program()
        _ = try program.run("simulate --task two_moons --simulations 30 --seed 9 --output test.npz")
        let run = try program.run(
            "evaluate models/moons/1 --data test.npz \(Self.small) --checks 0 --epsilon 1"
        )
        #expect(run.status == 0, "\(run)")
        let root = try root(program, "models/moons/1/evaluation.json")
        #expect(root.optional("task") == nil)
        #expect(try root.required("masking_checks", expected: "").elements().isEmpty)
        _ = try program.run("simulate --task slcp --simulations 30 --output other.npz")
        let refused = try program.run("evaluate models/moons/1 --data other.npz")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("the model has 2 and 2"), "\(refused)")
    }

    @Test func `Ctrl-C stops with nothing written`() throws {
        let program = try program()
        let run = try program.run(
            "evaluate models/moons/1 --observations 20000",
            interrupting: "%"
        )
        #expect(run.status != 0)
        #expect(run.errors.contains("nothing was written"), "\(run)")
        #expect(try !program.contents().contains { $0.contains("evaluation") })
    }

    @Test(arguments: [
        ("--epsilon 0", "--epsilon"), ("--epsilon 1,x", "--epsilon"),
        ("--observations 1", "expected 2 to 1000000"), ("--checks 1", "expected 0, or at least 2"),
        ("--task nothing", "there is no such task"),
        ("--task two_moons --data a.npz", "exclude each other"),
        ("--restarts 0", "expected 1 to 512"),
    ])
    func `a bad flag is refused by name`(flags: String, message: String) throws {
        let program = try TrainerProgram()
        let run = try program.run("evaluate models/moons/1 \(flags)")
        #expect(run.status != 0)
        #expect(run.errors.contains(message), "\(run)")
    }
}
