import Foundation
import Kernels
import SimulationFiles
import TestSupport

/// The trainer as built.
final class TrainerProgram: BuiltProgram {
    init() throws { try super.init("posterior-trainer") }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - arguments: The command line, split at its spaces, with more arguments after it.
    ///   - more: Arguments that are not split.
    ///   - interrupting: Sends Ctrl-C once this text stands on standard error.
    func run(_ arguments: String, _ more: [String] = [], interrupting: String? = nil) throws -> Run
    {
        // What is expanded is expanded beside the model, and seen by the tests.
        let environment = ProcessInfo.processInfo.environment.filter { $0.key != "TMPDIR" }
        let process = process(
            arguments.split(separator: " ").map(String.init) + more,
            environment: environment
        )
        return try run(process, interrupting: interrupting)
    }

    /// Every file and folder in the folder, sorted.
    func contents() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path()).sorted()
    }

    /// The bytes of a file.
    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: path(name)))
    }

    /// Flags of the smallest training.
    static let quick = "--estimator gaussian --hidden 4 --layers 1 --epochs 1 --threads 1"
    /// A prior that holds every theta of `rows`.
    static let box = #"{"type": "box_uniform", "lower": [0, 0], "upper": [1, 1]}"#
}

/// Simulations of two parameters in (0, 1) and as many entries of x as are asked for.
struct Rows {
    var theta: [Float] = []
    var x: [Float] = []
    var count: Int
    var xShape: [Int]

    /// Draws rows: x is theta and noise.
    init(_ count: Int = 60, xShape: [Int] = [3]) {
        self.count = count
        self.xShape = xShape
        var stream = RandomStream(seed: 7)
        let width = xShape.reduce(1, *)
        for _ in 0..<count {
            let draw = [stream.uniform(), stream.uniform()].map { Float(0.05 + 0.9 * $0) }
            theta += draw
            x += (0..<width).map { draw[$0 % 2] + Float(0.1 * stream.normal()) }
        }
    }

    var xDim: Int { xShape.reduce(1, *) }

    /// An .npz file.
    func archive() throws -> Data {
        let bytes = NPZFile.encoded([
            NPZFile.Entry(name: "theta", shape: [count, 2], values: theta),
            NPZFile.Entry(name: "x", shape: [count] + xShape, values: x),
        ])
        return Data(bytes ?? [])
    }

    /// A .csv file.
    func table() -> String {
        let names = ["theta_1", "theta_2"] + (1...xDim).map { "x_\($0)" }
        let lines = (0..<count).map { row in
            (theta[2 * row..<2 * row + 2] + x[row * xDim..<(row + 1) * xDim])
                .map { "\($0)" }.joined(separator: ",")
        }
        return ([names.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
    }

    /// Writes `sims.npz`, `theta.npy`, `x.npy`, `sims.csv` and `prior.json`.
    func write(to program: TrainerProgram, prior: String = TrainerProgram.box) throws {
        try archive().write(to: URL(filePath: program.path("sims.npz")))
        try Data(NPZFile.arrayFile(shape: [count, 2], values: theta))
            .write(to: URL(filePath: program.path("theta.npy")))
        try Data(NPZFile.arrayFile(shape: [count] + xShape, values: x))
            .write(to: URL(filePath: program.path("x.npy")))
        try program.write(table(), to: "sims.csv")
        try program.write(prior, to: "prior.json")
    }
}
