import TestSupport
import Testing

/// Flags that make no sense are refused before anything is read or written, by name and value.
@Suite struct FlagTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var arguments: String
        var message: String
        var testDescription: String { arguments }

        init(_ arguments: String, _ message: String) {
            self.arguments = arguments
            self.message = message
        }
    }

    static let train: [Refusal] = [
        Refusal("", "train needs --task NAME or --data FILE…, and not both"),
        Refusal("--task two_moons --data sims.npz --fit-prior box", "and not both"),
        Refusal("--task moons", "--task moons: there is no such task; there are"),
        Refusal("--task two_moons --simulations 1", "--simulations 1: expected at least 2"),
        Refusal("--task two_moons --test-simulations 1", "--test-simulations 1: expected 0, or"),
        Refusal("--task two_moons --threads 0", "--threads 0: expected at least 1"),
        Refusal("--task two_moons --seed -1", "--seed"),
        Refusal("--task two_moons --output models/x", "--output models/x: expected DIRECTORY"),
        Refusal("--task two_moons --output models/x/01", "--output models/x/01: expected"),
        // The estimator.
        Refusal("--task two_moons --estimator flow", "maf"),
        Refusal("--task two_moons --hidden 0", "--hidden 0: expected at least 1"),
        Refusal("--task two_moons --bins 8", "--bins: --estimator maf has no such setting"),
        Refusal("--task two_moons --estimator nsf --bins 1", "--bins 1: expected at least 2"),
        Refusal("--task two_moons --estimator nsf --tail-bound 0", "--tail-bound 0.0: expected"),
        Refusal("--task two_moons --estimator mdn --blocks 2", "--blocks: --estimator mdn has no"),
        Refusal("--task two_moons --estimator mdn --tail-bound 3", "--tail-bound: --estimator"),
        Refusal("--task two_moons --estimator gaussian --components 2", "--components"),
        Refusal("--task two_moons --layers 2", "--layers: --estimator maf has no such setting"),
        Refusal("--task two_moons --activation silu", "--activation: --estimator maf has no such"),
        Refusal("--task two_moons --estimator mdn --activation step", "silu"),
        Refusal("--task two_moons --support box", "unconstrained"),
        Refusal("--task two_moons --members 0", "--members 0: expected 1 to 64"),
        Refusal("--task two_moons --members 65", "--members 65: expected 1 to 64"),
        Refusal("--task two_moons --jointly", "--jointly goes with --members of 2 or more"),
        // The embedding.
        Refusal(
            "--task two_moons --embedding-hidden 9",
            "--embedding-hidden goes with --embedding"
        ),
        Refusal("--task two_moons --embedding mlp --embedding-layers 0", "--embedding-layers 0"),
        Refusal("--task two_moons --embedding mlp --embedding-hidden 9,", "--embedding-hidden"),
        Refusal(
            "--task two_moons --embedding mlp --embedding-hidden 9,8 --embedding-layers 3",
            "--embedding-layers 3: expected 2"
        ),
        Refusal("--task two_moons --embedding trials --embedding-hidden 9,8", "--embedding mlp"),
        Refusal("--task two_moons --embedding cnn --embedding-residual", "--embedding mlp"),
        Refusal("--task two_moons --embedding rnn", "trials"),
        // Optimisation.
        Refusal("--task two_moons --weight-decay=-1", "--weight-decay -1.0: expected 0 to below"),
        Refusal(
            "--task two_moons --optimizer adam --weight-decay 0.1",
            "--optimizer adam has none"
        ),
        Refusal("--task two_moons --optimizer sgd", "adamw"),
        Refusal("--task two_moons --batch-size 0", "--batch-size"),
        Refusal("--task two_moons --batch-size 8:", "--batch-size"),
        Refusal("--task two_moons --learning-rate 0", "--learning-rate 0.0: expected"),
        Refusal("--task two_moons --learning-rate nan", "--learning-rate nan: expected"),
        Refusal("--task two_moons --warm-up=-1", "--warm-up -1: expected at least 0"),
        Refusal("--task two_moons --plateau-factor 0.5", "--schedule cosine has no plateaus"),
        Refusal("--task two_moons --schedule plateau --plateau-factor 1", "--plateau-factor 1.0"),
        Refusal("--task two_moons --schedule plateau --plateau-patience 0", "--plateau-patience 0"),
        Refusal("--task two_moons --gradient-norm=-1", "--gradient-norm -1.0: expected"),
        Refusal("--task two_moons --average-decay 1", "--average-decay 1.0: expected"),
        // The end.
        Refusal("--task two_moons --epochs 0", "--epochs 0: expected 1 to 1000000"),
        Refusal("--task two_moons --patience 0", "--patience 0: expected at least 1"),
        Refusal("--task two_moons --time-limit 5", "--time-limit"),
        Refusal("--task two_moons --validation-fraction 1", "--validation-fraction 1.0: expected"),
        Refusal("--task two_moons --z-score-x all", "structured"),
        // Data.
        Refusal("--data sims.npz --prior p.json", "--data needs --output"),
        Refusal("--data sims.npz --output models/x/1", "--data needs --prior FILE"),
        Refusal("--data a.npz --prior p --fit-prior box --output models/x/1", "exclude each other"),
        Refusal("--data a.npz --fit-prior gauss --output models/x/1", "normal"),
        Refusal("--task two_moons --prior p.json", "--prior goes with --data"),
        Refusal("--task two_moons --validation v.npz", "--validation goes with --data"),
        Refusal("--task two_moons --drop-invalid", "--drop-invalid goes with --data"),
        Refusal("--data a.npz --fit-prior box --output models/x/1 --x-shape 3,0", "--x-shape 0"),
        Refusal("--task two_moons --estimater mdn", "--estimater"),
    ]

    @Test(arguments: train)
    func `a flag that makes no sense is refused`(refusal: Refusal) throws {
        let program = try TrainerProgram()
        let run = try program.run("train \(refusal.arguments)")
        #expect(run.status == 64, "\(run)")
        #expect(run.errors.contains(refusal.message), "\(run)")
        #expect(run.output.isEmpty)
        #expect(try program.contents() == [])
    }

    static let others: [Refusal] = [
        Refusal("simulate --task moons --output a.npz", "--task moons: there is no such task"),
        Refusal("simulate --task two_moons --simulations 0 --output a.npz", "--simulations 0"),
        Refusal("ensemble models/a/1 --output models/b/1", "two models or more"),
        Refusal("benchmark linear_gaussian --references r", "sbibm has no observations"),
        Refusal("benchmark two_moons --references r --observations 11", "--observations 11"),
        Refusal("benchmark two_moons --references r --samples 9", "--samples 9: expected"),
        Refusal("benchmark two_moons --references r --members 0", "--members 0: expected"),
        Refusal("benchmark two_moons", "--references"),
        Refusal("undo", "undo"),
    ]

    @Test(arguments: others)
    func `so it is by the other commands`(refusal: Refusal) throws {
        let run = try TrainerProgram().run(refusal.arguments)
        #expect(run.status == 64, "\(run)")
        #expect(run.errors.contains(refusal.message), "\(run)")
    }

    @Test(arguments: ["--help", "train --help", "benchmark --help", "--version", "tasks"])
    func `what only tells goes to standard output`(arguments: String) throws {
        let run = try TrainerProgram().run(arguments)
        #expect(run.status == 0)
        #expect(!run.output.isEmpty && run.errors.isEmpty)
    }
}
