import Foundation
import TestSupport
import Testing

/// `reproduce` as a user sees it.
@Suite struct ReproduceCommandTests {
    private static let flags = """
        reproduce figure-5 --tasks linear_gaussian --defenses none --simulations 300 --epochs 2 \
        --observations 6
        """

    @Test func `figure 5 makes a table and pictures, and does nothing twice`() throws {
        let program = try TrainerProgram()
        let run = try program.run(Self.flags)
        #expect(run.status == 0, "\(run)")
        let folder = "figure-5/linear_gaussian-maf-none/1"
        let contents = try program.contents()
        for file in [
            "figure-5/summary.md", "figure-5/linear_gaussian-maf-kl.svg",
            "figure-5/linear_gaussian-maf-coverage.svg",
            "figure-5/linear_gaussian-maf-trade-off.svg", "figure-5/linear_gaussian-maf-cost.svg",
            "\(folder)/model.safetensors",
            "\(folder)/evaluation.json", "\(folder)/run.json",
        ] {
            #expect(contents.contains(file))
        }
        // The published median at ε = 1 stands in brackets beside ours.
        let table = String(decoding: try program.bytes("figure-5/summary.md"), as: UTF8.self)
        #expect(table.contains("| linear_gaussian | maf | none |"))
        #expect(table.contains("(64.7)"))
        let picture = try program.bytes("figure-5/linear_gaussian-maf-kl.svg")
        #expect(String(decoding: picture, as: UTF8.self).contains("none, published"))

        let before = try program.bytes("\(folder)/run.json")
        let again = try program.run(Self.flags)
        #expect(again.status == 0, "\(again)")
        #expect(!again.errors.contains("training"))
        #expect(!again.errors.contains("evaluating"))
        #expect(try program.bytes("\(folder)/run.json") == before)

        let more = try program.run("\(Self.flags)0")
        #expect(more.status == 0, "\(more)")
        #expect(!more.errors.contains("training"))
        #expect(more.errors.contains("evaluating"))

        let other = try program.run("\(Self.flags) --seed 2")
        #expect(other.status != 0)
        #expect(other.errors.contains("holds a run of other settings"), "\(other)")
    }

    @Test func `an interrupted figure goes on where it stopped`() throws {
        let program = try TrainerProgram()
        let flags = Self.flags.replacing("--epochs 2", with: "--epochs 400")
        let stopped = try program.run(flags, interrupting: "epoch 1/")
        #expect(stopped.errors.contains("the same command goes on from here"), "\(stopped)")
        #expect(try program.contents().contains { $0.hasSuffix("1.checkpoint") })
        let resumed = try program.run(Self.flags.replacing("--epochs 2", with: "--epochs 400"))
        #expect(resumed.status == 0, "\(resumed)")
        #expect(resumed.output.contains("| linear_gaussian | maf | none |"))
        #expect(try !program.contents().contains { $0.hasSuffix("checkpoint") })
    }

    @Test(arguments: [
        ("--tasks two_moons", "the figure has linear_gaussian"),
        ("--defenses all", "expected some of none, fim"),
        ("--estimators vae", "expected some of maf"), ("--observations 1", "expected 2 to 1000000"),
    ])
    func `a bad flag is refused by name`(flags: String, message: String) throws {
        let run = try TrainerProgram().run("reproduce figure-5 \(flags)")
        #expect(run.status != 0)
        #expect(run.errors.contains(message), "\(run)")
    }
}
