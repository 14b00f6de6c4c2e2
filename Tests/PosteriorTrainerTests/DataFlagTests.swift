import Distributions
import Estimators
import Foundation
import ModelStore
import TestSupport
import Testing

/// `train` on data of the user's own, as far as it succeeds.
@Suite struct DataFlagTests {
    /// Trains on files in the folder; the model.
    private func train(
        _ program: TrainerProgram,
        _ flags: String,
        output: String = "models/mine/1"
    ) throws -> ModelFile {
        let run = try program.run("train \(flags) --output \(output) \(TrainerProgram.quick)")
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("\(output)/model.safetensors: validation loss"), "\(run)")
        return try ModelFile(path: program.path("\(output)/model.safetensors"))
    }

    @Test func `the same rows give the same model, whatever holds them`() throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        let names = "--theta-names theta_1,theta_2 --x-names x_1,x_2,x_3 --prior prior.json"
        let model = try train(program, "--data sims.npz \(names)")
        for (index, files) in ["theta.npy x.npy", "sims.csv"].enumerated() {
            let output = "models/mine/\(index + 2)"
            _ = try train(program, "--data \(files) \(names)", output: output)
            #expect(
                try program.bytes("\(output)/model.safetensors")
                    == program.bytes("models/mine/1/model.safetensors")
            )
        }
        let training = try #require(model.metadata.training)
        #expect(training.dataDigest?.hasPrefix("fnv1a64:") == true)
        #expect(training.simulations == 60)
        let files = try program.contents().filter { $0.hasPrefix("models/mine/1") }
        #expect(
            files == [
                "models/mine/1", "models/mine/1/example.json", "models/mine/1/model.safetensors",
                "models/mine/1/training.svg",
            ]
        )
    }

    @Test func `names, units and shape are in the model file`() throws {
        let program = try TrainerProgram()
        try Rows(xShape: [6]).write(to: program)
        let metadata = try train(
            program,
            """
            --data sims.npz --prior prior.json --theta-names mass,spin --theta-units kg, \
            --x-shape 2,3 --x-units s,s,s,m,m,m --x-names a,b,c,d,e,f
            """
        ).metadata
        #expect(metadata.theta == VariableDescription(names: ["mass", "spin"], units: ["kg", ""]))
        #expect(
            metadata.x
                == VariableDescription(
                    shape: [2, 3],
                    names: ["a", "b", "c", "d", "e", "f"],
                    units: ["s", "s", "s", "m", "m", "m"]
                )
        )
        let card = try program.run("inspect models/mine").output
        #expect(card.contains("2: mass, spin"))
        #expect(card.contains("2 × 3: a, b, c, d, e, f"))
    }

    @Test(arguments: [("box", "box_uniform"), ("normal", "diagonal_normal")])
    func `a prior is fitted to theta`(kind: String, type: String) throws {
        let program = try TrainerProgram()
        try Rows().write(to: program)
        let prior = try train(program, "--data sims.npz --fit-prior \(kind)").posterior.prior
        #expect(prior.dimension == 2)
        let run = try program.run("inspect models/mine/1 --json")
        #expect(run.output.contains(type), "\(run)")
    }

    static let priors = [
        TrainerProgram.box,
        #"{"type": "diagonal_normal", "mean": [0, 0], "standard_deviation": [1, 2]}"#,
        #"{"type": "multivariate_normal", "mean": [0, 0], "covariance": [[1, 0.5], [0.5, 1]]}"#,
        #"{"type": "log_normal", "log_mean": [0, 0], "log_standard_deviation": [1, 1]}"#,
        #"""
        {"type": "truncated_normal", "mean": [0, 0], "standard_deviation": [1, 1],
         "lower": [0, null], "upper": [1, null]}
        """#,
        #"{"type": "log_uniform", "lower": [0.01, 0.01], "upper": [1, 1]}"#,
        #"{"type": "gamma", "shape": [1, 2], "rate": [1, 1]}"#,
        #"{"type": "beta", "alpha": [1, 2], "beta": [2, 2]}"#,
        #"{"type": "exponential", "rate": [1, 2]}"#,
        #"""
        {"type": "product", "factors": [{"type": "exponential", "rate": [1]},
         {"type": "box_uniform", "lower": [0], "upper": [1]}]}
        """#,
    ]

    @Test(arguments: priors, [PosteriorSupport.unconstrained, .truncated])
    func `every type of prior is trained under`(prior: String, support: PosteriorSupport) throws {
        let program = try TrainerProgram()
        try Rows().write(to: program, prior: prior)
        let model = try train(
            program,
            "--data sims.npz --prior prior.json --support \(support.rawValue)"
        )
        #expect(model.posterior.support == support)
        let type = try #require(prior.split(separator: "\"").dropFirst(3).first)
        let run = try program.run("inspect models/mine/1 --json")
        #expect(run.output.contains("\"\(type)\""), "\(run)")
        let card = try program.run("inspect models/mine/1").output
        #expect(card.contains("truncated to the prior's") == (support == .truncated))
    }

    struct Embedding: Sendable, CustomTestStringConvertible {
        var flags: String
        var xShape: [Int]
        var layers: [EmbeddingLayer]
        var testDescription: String { flags }
    }

    static let embeddings: [Embedding] = [
        Embedding(
            flags: "mlp --embedding-hidden 7 --embedding-layers 3 --embedding-features 4",
            xShape: [3],
            layers: [
                .linear(features: 7), .activation(.relu), .linear(features: 7), .activation(.relu),
                .linear(features: 7), .activation(.relu), .linear(features: 4), .activation(.relu),
            ]
        ),
        Embedding(
            flags: "mlp --embedding-hidden 7,5 --embedding-features 4",
            xShape: [3],
            layers: [
                .linear(features: 7), .activation(.relu), .linear(features: 5), .activation(.relu),
                .linear(features: 4), .activation(.relu),
            ]
        ),
        Embedding(
            flags: "mlp --embedding-residual --embedding-hidden 5",
            xShape: [2, 2],
            layers: [
                .flatten, .linear(features: 5), .activation(.relu),
                .residual([.linear(features: 5), .activation(.relu), .linear(features: 5)]),
                .activation(.relu), .linear(features: 20), .activation(.relu),
            ]
        ),
        Embedding(
            flags: "cnn --embedding-layers 1 --embedding-hidden 6 --embedding-features 3",
            xShape: [8],
            layers: [
                .reshape([1, 8]), .convolution(channels: 6, kernel: [5], padding: 2, stride: 1),
                .activation(.relu), .maxPool(size: 2), .flatten, .linear(features: 6),
                .activation(.relu), .linear(features: 3), .activation(.relu),
            ]
        ),
        Embedding(
            flags: "cnn --embedding-layers 1 --embedding-hidden 6 --embedding-features 3",
            xShape: [2, 4, 5],
            layers: [
                .convolution(channels: 6, kernel: [5, 5], padding: 2, stride: 1),
                .activation(.relu), .maxPool(size: 2), .flatten, .linear(features: 6),
                .activation(.relu), .linear(features: 3), .activation(.relu),
            ]
        ),
        Embedding(
            flags: "trials --embedding-layers 1 --embedding-hidden 6 --embedding-features 3",
            xShape: [4, 2],
            layers: [
                .trials([.linear(features: 6), .activation(.relu)], aggregation: .mean),
                .linear(features: 6), .activation(.relu), .linear(features: 3),
                .activation(.relu),
            ]
        ),
    ]

    @Test(arguments: embeddings, ["", " --members 2 --jointly"])
    func `every embedding network is trained`(embedding: Embedding, ensemble: String) throws {
        let program = try TrainerProgram()
        var rows = Rows(xShape: embedding.xShape)
        if embedding.flags.hasPrefix("trials") {
            // A trial that is missing.
            rows.x[2] = .nan
            rows.x[3] = .nan
        }
        try rows.write(to: program)
        let posterior = try train(
            program,
            "--data sims.npz --prior prior.json --embedding \(embedding.flags)\(ensemble)"
        ).posterior
        let found =
            switch posterior.architecture {
            case .ensemble(let members): members.map(\.embedding)
            default: [posterior.embedding]
            }
        #expect(found.count == (ensemble.isEmpty ? 1 : 2))
        let expected = EmbeddingArchitecture(xShape: embedding.xShape, layers: embedding.layers)
        #expect(found.allSatisfy { $0 == expected }, "\(found)")
    }

    @Test func `rows given to judge do not train`() throws {
        let program = try TrainerProgram()
        try Rows(80).write(to: program)
        var others = Rows(30)
        others.x = others.x.map { $0 + 1 }
        try others.archive().write(to: URL(filePath: program.path("others.npz")))
        let model = try train(program, "--data sims.npz --prior prior.json --validation others.npz")
        let training = try #require(model.metadata.training)
        #expect(training.validationFraction == nil)
        #expect(training.simulations == 110)
        // The first of them is the example.
        let example = String(
            decoding: try program.bytes("models/mine/1/example.json"),
            as: UTF8.self
        )
        #expect(example.contains("\(others.x[0])"), "\(example)")
    }

    @Test func `invalid rows are left out when that is asked for, and counted`() throws {
        let program = try TrainerProgram()
        var rows = Rows()
        rows.x[3 * 5] = .nan
        rows.theta[2 * 9] = .infinity
        try rows.write(to: program)
        let refused = try program.run(
            "train --data sims.npz --prior prior.json --output models/mine/1"
        )
        #expect(refused.status == 1)
        for part in ["2 of 60 rows", "sims.npz: row 5, x[0] = nan", "row 9, theta[0]", "inf"] {
            #expect(refused.errors.contains(part), "\(refused)")
        }
        let run = try program.run(
            """
            train --data sims.npz --prior prior.json --output models/mine/1 --drop-invalid \
            \(TrainerProgram.quick)
            """
        )
        #expect(run.status == 0, "\(run)")
        #expect(run.errors.contains("2 simulations left out: not finite"), "\(run)")
    }

    @Test func `a constant entry of x is taken when that is asked for`() throws {
        let program = try TrainerProgram()
        var rows = Rows()
        for row in 0..<rows.count { rows.x[3 * row + 1] = 4 }
        try rows.write(to: program)
        _ = try train(program, "--data sims.npz --prior prior.json --allow-constant")
    }
}
