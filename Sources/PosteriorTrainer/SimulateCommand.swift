import ArgumentParser
import Foundation
import SimulationFiles
import Simulators
import Training

/// Writes simulations of a task to a file.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Draw parameters and simulations of a task into an .npz file.",
        discussion: """
            The file holds theta [N, D] and x [N, L] as float32:

              posterior-trainer simulate --task two_moons --simulations 10000 --output sims.npz
              python3 -c "import numpy; print(numpy.load('sims.npz')['theta'].shape)"

            Row i depends on the seed and i alone; `train` with the same seed draws the same rows.
            """
    )

    @Option(help: "The benchmark task; `posterior-trainer tasks` lists them.")
    var task: String

    @Option(help: ArgumentHelp("How many rows to draw.", valueName: "n"))
    var simulations = 10_000

    @Option(help: ArgumentHelp("The seed of the rows.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The .npz file to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("How many threads to use; default: all cores.", valueName: "n"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Flag(help: "Replace the file if it is there.")
    var force = false

    func validate() throws {
        _ = try BenchmarkTask.named(byFlag: task)
        try require(simulations > 0, "--simulations", simulations, expected: "at least 1")
        try require(threads > 0, "--threads", threads, expected: "at least 1")
    }

    func run() throws {
        let task = try BenchmarkTask.named(byFlag: task)
        guard force || !FileManager.default.fileExists(atPath: output) else {
            throw CommandFailure("--output \(output): the file exists; --force replaces it")
        }
        let rows = try task.simulate(rows: 0..<simulations, seed: seed, workers: threads)
        let bytes = NPZFile.encoded([
            NPZFile.Entry(name: "theta", shape: [rows.count, rows.thetaDim], values: rows.theta),
            NPZFile.Entry(name: "x", shape: [rows.count, rows.xDim], values: rows.x),
        ])
        guard let bytes else {
            throw CommandFailure("the simulations take more than the 4 GiB of an .npz file")
        }
        try AtomicFile.write(bytes, to: output)
        print("\(output): theta [\(rows.count), \(rows.thetaDim)], x [\(rows.count), \(rows.xDim)]")
    }
}
