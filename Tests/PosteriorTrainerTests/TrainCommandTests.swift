import Estimators
import Foundation
import ModelStore
import SimulationFiles
import TestSupport
import Testing

/// The course of training as a user sees it: members, interruption, going on, replacing.
@Suite struct TrainCommandTests {
    static let flags = """
        --task two_moons --simulations 300 --test-simulations 0 --output models/moons/1 \
        --estimator mdn --components 2 --hidden 8 --layers 1 --epochs 3
        """

    private func model(_ program: TrainerProgram) throws -> ModelFile {
        try ModelFile(path: program.path("models/moons/1/model.safetensors"))
    }

    @Test(arguments: ["", " --jointly", " --support truncated"])
    func `members make one model, the same each time`(flags: String) throws {
        let programs = [try TrainerProgram(), try TrainerProgram()]
        for (threads, program) in programs.enumerated() {
            let run = try program.run(
                "train \(Self.flags) --members 3\(flags) --threads \(threads + 1)"
            )
            #expect(run.status == 0, "\(run)")
            #expect(run.output.contains("member 3: validation loss") == !flags.contains("jointly"))
        }
        #expect(
            try programs[0].bytes("models/moons/1/model.safetensors")
                == programs[1].bytes("models/moons/1/model.safetensors")
        )
        let file = try model(programs[0])
        guard case .ensemble(let members) = file.posterior.architecture else {
            Issue.record("\(file.posterior.architecture)")
            return
        }
        #expect(members.count == 3)
        let training = try #require(file.metadata.training)
        #expect(training.members.map(\.seed) == (flags == " --jointly" ? [] : [1, 1001, 2001]))
        #expect((training.bestEpoch == nil) == (flags != " --jointly"))
        let card = try programs[0].run("inspect models/moons").output
        #expect(card.contains("ensemble of 3: mdn, 2 components"), "\(card)")
        #expect(card.contains("member 3") == (flags != " --jointly"))
        let left = try programs[0].contents()
        #expect(!left.contains { $0.contains("checkpoint") })
        #expect(left.contains("models/moons/1/training-3.svg") == (flags != " --jointly"))
    }

    @Test func `the first of several members is what would be trained alone`() throws {
        let program = try TrainerProgram()
        _ = try program.run("train \(Self.flags) --members 2")
        let ensemble = try model(program).posterior.tensors
        _ = try program.run("train \(Self.flags) --force")
        for (name, tensor) in try model(program).posterior.tensors {
            #expect(ensemble["members.0.\(name)"] == tensor)
            if name.hasSuffix("weight") { #expect(ensemble["members.1.\(name)"] != tensor) }
        }
    }

    @Test(arguments: ["", " --members 2", " --members 2 --jointly"])
    func `Ctrl-C keeps the best so far, for the same run to go on`(
        members: String
    ) throws {
        // So long that no machine comes to its end before the signal.
        let long = Self.flags.replacingOccurrences(of: "--epochs 3", with: "--epochs 3000")
        let interrupted = try TrainerProgram()
        let run = try interrupted.run("train \(long)\(members)", interrupting: "epoch 1/")
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("interrupted after"), "\(run)")
        #expect(run.errors.contains("not finished; the same command with --resume"), "\(run)")
        #expect(try model(interrupted).posterior.thetaDim == 2)
        #expect(try interrupted.contents().contains("models/moons/1.checkpoint"))
        // A run with other settings is another run.
        let other = try interrupted.run("train \(long)\(members) --resume --batch-size 7")
        #expect(other.status == 1)
        #expect(other.errors.contains("batch size"), "\(other)")
    }

    @Test(arguments: ["", " --members 2", " --members 2 --jointly"])
    func `a run that ran out of time goes on to the bytes of one that did not`(
        members: String
    ) throws {
        let whole = try TrainerProgram()
        _ = try whole.run("train \(Self.flags)\(members)")
        let parts = try TrainerProgram()
        let first = try parts.run("train \(Self.flags)\(members) --time-limit 0.000001s")
        #expect(first.output.contains("out of time after"), "\(first)")
        #expect(try parts.contents().contains("models/moons/1.checkpoint"))
        let second = try parts.run("train \(Self.flags)\(members) --resume")
        #expect(second.status == 0, "\(second)")
        #expect(try parts.contents() == whole.contents())
        for file in try whole.contents() where file.hasPrefix("models/moons/1/") {
            #expect(try parts.bytes(file) == whole.bytes(file), "\(file)")
        }
    }

    @Test func `a model is replaced only when asked to, and the next version is free`() throws {
        let program = try TrainerProgram()
        let flags = Self.flags.replacingOccurrences(of: "--output models/moons/1", with: "")
        for version in 1...2 {
            let run = try program.run("train \(flags)")
            #expect(run.output.contains("models/two_moons/\(version)/model.safetensors"), "\(run)")
        }
        let taken = "train \(flags) --output models/two_moons/2"
        let run = try program.run(taken)
        #expect(run.status == 1)
        #expect(run.errors.contains("there is a model already; --force replaces it"), "\(run)")
        #expect(try program.run("\(taken) --force").status == 0)
        let resumed = try program.run("train \(flags) --resume")
        #expect(resumed.status == 1)
        #expect(resumed.errors.contains("--resume: there is no checkpoint in models/two_moons"))
    }

    @Test func `simulations written and read are the task's`() throws {
        let program = try TrainerProgram()
        let simulate = "simulate --task two_moons --simulations 300 --output sims.npz"
        #expect(try program.run(simulate).output == "sims.npz: theta [300, 2], x [300, 2]\n")
        let again = try program.run(simulate)
        #expect(again.status == 1)
        #expect(again.errors.contains("--output sims.npz: the file exists; --force replaces it"))
        _ = try program.run("train \(Self.flags)")
        let tensors = try model(program).posterior.tensors
        try program.write(
            #"{"type": "box_uniform", "lower": [-1, -1], "upper": [1, 1]}"#,
            to: "prior.json"
        )
        let data = Self.flags.replacingOccurrences(
            of: "--task two_moons --simulations 300",
            with: "--data sims.npz --prior prior.json"
        )
        _ = try program.run("train \(data) --force")
        #expect(try model(program).posterior.tensors == tensors)
    }

    @Test func `models are joined, unless they do not fit`() throws {
        let program = try TrainerProgram()
        _ = try program.run("train \(Self.flags)")
        let joined = try program.run(
            "ensemble models/moons/1 models/moons/1 --output models/both/1"
        )
        #expect(joined.output == "models/both/1/model.safetensors: an ensemble of 2\n", "\(joined)")
        let missing = try program.run("ensemble models/moons/1 models/a/1 --output models/c/1")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("models/a/1/model.safetensors: "), "\(missing)")
        let absent = try program.run("inspect models/c")
        #expect(absent.status == 1)
        #expect(absent.errors.contains("models/c: no such file or directory"), "\(absent)")
    }

    @Test func `a benchmark tells all that a repetition needs`() throws {
        let program = try TrainerProgram()
        let folder = program.folder.appending(path: "refs/two_moons")
        let flags = """
            benchmark two_moons --simulations 300 --references refs --observations 1 --samples 40 \
            --estimator gaussian --hidden 4 --layers 1 --epochs 2 --members 2 --support truncated
            """
        let missing = try program.run(flags)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("refs/two_moons/1.npy: cannot be opened"), "\(missing)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "1.npy")
        let theta = Rows(40).theta
        try Data(NPZFile.arrayFile(shape: [20, 4], values: theta)).write(to: file)
        let wide = try program.run(flags)
        #expect(wide.errors.contains("1.npy: its shape is [20, 4], expected rows of 2"), "\(wide)")
        try Data(NPZFile.arrayFile(shape: [40, 2], values: theta)).write(to: file)
        let run = try program.run("\(flags) --json --output report.json")
        #expect(run.status == 0, "\(run)")
        #expect(Data(run.output.utf8).dropLast() == (try program.bytes("report.json")))
        let report = try #require(
            try JSONSerialization.jsonObject(with: program.bytes("report.json")) as? [String: Any]
        )
        #expect(
            report["arguments"] as? [String]
                == flags.split(separator: " ").map(String.init) + [
                    "--json", "--output", "report.json",
                ]
        )
        #expect(report["support"] as? String == "truncated")
        let members = try #require(report["members"] as? [[String: Any]])
        #expect(members.compactMap { $0["seed"] as? Int } == [1, 1001])
        #expect(members.allSatisfy { $0["weight_decay"] is Double && $0["best_epoch"] is Int })
        #expect((report["c2st"] as? [Double])?.count == 1)
        // The same flags, the same numbers.
        let again = try program.run("\(flags) --json")
        let other = try #require(
            try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any]
        )
        #expect(other["c2st"] as? [Double] == report["c2st"] as? [Double])
    }
}
