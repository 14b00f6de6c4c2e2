import Distributions
import Estimators
import Foundation
import SimulationFiles
import Simulators
import Testing
import Training

/// Training on files: the same as on the rows in memory, and no rows that make no sense.
@Suite struct FileSimulationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes an archive of theta `[N, D]` and x `[N, L]`.
    private func archive(_ rows: Simulations, _ name: String) throws -> String {
        try archive(theta: rows.theta, x: rows.x, rows.thetaDim, rows.xDim, name)
    }

    private func archive(
        theta: [Float],
        x: [Float],
        _ thetaDim: Int = 1,
        _ xDim: Int = 1,
        _ name: String = "sims.npz"
    ) throws -> String {
        let count = theta.count / thetaDim
        let bytes = try #require(
            NPZFile.encoded([
                NPZFile.Entry(name: "theta", shape: [count, thetaDim], values: theta),
                NPZFile.Entry(name: "x", shape: [count, xDim], values: x),
            ])
        )
        try Data(bytes).write(to: URL(filePath: folder.file(name)))
        return folder.file(name)
    }

    private func table(_ paths: [String]) throws -> SimulationTable {
        try SimulationTable(paths: paths, scratchDirectory: folder.path)
    }

    static let box = DistributionDescription.boxUniform(lower: [0], upper: [10])

    @Test func `rows in files train to the bits of rows in memory`() throws {
        let task = BenchmarkTask.twoMoons
        let rows = try task.simulate(rows: 0..<1000, seed: 71)
        let path = try archive(rows, "sims.npz")
        let first = try archive(
            Simulations(
                theta: Array(rows.theta[..<800]),
                x: Array(rows.x[..<800]),
                thetaDim: 2,
                xDim: 2
            ),
            "first.npz"
        )
        let lines = (400..<1000).map { row in
            "\(rows.x[2 * row]),\(rows.theta[2 * row]),\(rows.theta[2 * row + 1]),"
                + "\(rows.x[2 * row + 1])"
        }
        let second = folder.file("second.csv")
        try Data(("x1,theta_1,theta_2,x2\n" + lines.joined(separator: "\n")).utf8)
            .write(to: URL(filePath: second))

        let sets = [
            try SimulationSet(rows, prior: task.prior),
            try SimulationSet(table([path]), prior: task.prior),
            try SimulationSet(table([path]), prior: task.prior, residentLimitBytes: 0),
            try SimulationSet(table([first, second]), prior: task.prior, residentLimitBytes: 0),
            try SimulationSet(
                table([path]),
                prior: task.prior,
                residentLimitBytes: 0,
                workers: 3
            ),
        ]
        #expect(sets.map(\.isResident) == [true, true, false, false, false])
        var configuration = TrainingConfiguration(seed: 72)
        configuration.batchSize = 100
        configuration.epochs = 3
        let trained = try sets.map { set in
            try Trainer(configuration: configuration, workers: 1)
                .train(TrainedPosteriorTests.architectures[0], on: set)
        }
        for (set, other) in zip(sets, trained).dropFirst() {
            #expect(set.digest == sets[0].digest)
            #expect(set.dataScale == sets[0].dataScale)
            #expect(other.outcome.parameters == trained[0].outcome.parameters)
            #expect(
                other.outcome.history.validationLosses
                    == trained[0].outcome.history.validationLosses
            )
            #expect(other.posterior.tensors == trained[0].posterior.tensors)
            #expect(try set.x(ofRow: 777) == sets[0].x(ofRow: 777))
        }
    }

    @Test func `windows of files are the windows of memory`() throws {
        let selection = RowSelection(
            total: 4000,
            excluding: Array(stride(from: 3, to: 4000, by: 20))
        )
        let task = BenchmarkTask.twoMoons
        let rows = try task.simulate(rows: 0..<4000, seed: 74)
        let path = try archive(rows, "sims.npz")
        let resident = try SimulationSet(table([path]), prior: task.prior)
        let files = try SimulationSet(table([path]), prior: task.prior, residentLimitBytes: 0)
        // Rows said to be of 64 KiB: blocks of 4, windows of 1024.
        let order = EpochOrder(of: selection, rowBytes: 1 << 16, seed: 1, epoch: 1, limits: (1, 1))
        var first = EpochBatches(order, of: resident)
        var second = EpochBatches(order, of: files)
        for start in stride(from: 0, to: selection.count - 300, by: 300) {
            let positions = start..<start + 300
            let expected = try first.batch(at: positions)
            let found = try second.batch(at: positions)
            #expect(second.rows(at: positions) == Array(expected.rows))
            for (row, own) in zip(expected.rows, found.rows) {
                #expect(found.theta[2 * own] == rows.theta[2 * row])
                #expect(found.x[2 * own + 1] == expected.x[2 * row + 1])
            }
        }
    }

    @Test func `an interrupted run on files ends with the bytes of one that was not`() throws {
        let task = BenchmarkTask.twoMoons
        let path = try archive(task.simulate(rows: 0..<600, seed: 71), "sims.npz")
        var configuration = TrainingConfiguration(seed: 72)
        configuration.batchSize = 50
        configuration.epochs = 4
        let trainer = try Trainer(configuration: configuration, workers: 1)
        func train(checkpoint: String?, steps: Int) throws -> TrainedPosterior {
            // Files are opened anew, as after the end of a process.
            try trainer.train(
                TrainedPosteriorTests.architectures[0],
                on: SimulationSet(table([path]), prior: task.prior, residentLimitBytes: 0),
                checkpoint: checkpoint.map {
                    CheckpointFile(path: folder.file($0), resumes: true)
                },
                isCancelled: CheckpointTests.cancellation(after: steps)
            )
        }
        let whole = try train(checkpoint: nil, steps: .max)
        var resumed = try train(checkpoint: "run", steps: 7)
        #expect(resumed.outcome.history.stopReason == .cancelled)
        while resumed.outcome.history.stopReason == .cancelled {
            resumed = try train(checkpoint: "run", steps: 7)
        }
        #expect(resumed.outcome.parameters == whole.outcome.parameters)
        #expect(resumed.outcome.history.trainingLosses == whole.outcome.history.trainingLosses)
    }

    @Test func `what several threads find is what one finds`() throws {
        // Rows of 1 KiB: several chunks, of which one is cut short.
        let (count, xDim) = (13_000, 255)
        var theta = (0..<count).map { 1 + Float($0 % 8) }
        var x = (0..<count * xDim).map { Float($0 % 1013) }
        let path = try archive(theta: theta, x: x, 1, xDim)
        let expected = try SimulationSet(table([path]), prior: Self.box)
        for limit in [0, 1 << 28] {
            let set = try SimulationSet(
                table([path]),
                prior: Self.box,
                residentLimitBytes: limit,
                workers: 3
            )
            #expect(set.digest == expected.digest)
            #expect(set.dataScale == expected.dataScale)
            #expect(try set.x(ofRow: 12_999) == expected.x(ofRow: 12_999))
        }
        for row in [12_990, 9_000, 5_001, 5_000, 20, 10] { theta[row] = .nan }
        for row in stride(from: 12_000, to: 0, by: -1_500) { x[row * xDim + 3] = .infinity }
        let bad = try archive(theta: theta, x: x, 1, xDim, "bad.npz")
        let problems = try [1, 3].map { workers in
            try #require(throws: TrainingError.self) {
                try SimulationSet(table([bad]), prior: Self.box, workers: workers)
            }
        }
        #expect(problems[0] == problems[1])
        #expect("\(problems[0])".contains("bad.npz: row 10, "), "\(problems[0])")
        #expect("\(problems[0])".contains("row 3000, x[3] = inf"), "\(problems[0])")
        #expect("\(problems[0])".contains("13 of 13000 rows"), "\(problems[0])")
    }

    @Test func `the last rows judge where they were given to`() throws {
        let path = try archive(
            theta: [1, 2, .nan, 4, 5, 6],
            x: [1, 2, 3, 4, 5, 6]
        )
        var policy = RowPolicy()
        policy.dropsInvalidRows = true
        let set = try SimulationSet(
            table([path]).appending(table([path])),
            heldOut: 6,
            prior: Self.box,
            policy: policy,
            residentLimitBytes: 0
        )
        #expect(set.count == 10)
        #expect(set.refusedCount == 2)
        #expect(set.heldOutCount == 5)
        let split = set.split(validationFraction: 0.5, seed: 1)
        #expect(Array(split.training) == [0, 1, 2, 3, 4])
        #expect(split.validation == [5, 6, 7, 8, 9])
        #expect(try set.x(ofRow: 7) == [4])
    }

    private func problem(
        theta: [Float],
        x: [Float],
        xDim: Int = 1,
        prior: DistributionDescription = box,
        policy: RowPolicy = RowPolicy()
    ) throws -> String {
        let path = try archive(theta: theta, x: x, 1, xDim)
        let error = try #require(throws: TrainingError.self) {
            _ = try SimulationSet(
                table([path]),
                prior: prior,
                policy: policy,
                thetaNames: ["mass"]
            )
        }
        return "\(error)"
    }

    private func expect(_ text: String, holds parts: [String]) {
        for part in parts { #expect(text.contains(part), "\(text)") }
    }

    @Test func `rows that are not finite are counted and shown`() throws {
        let theta: [Float] = [1, 2, .nan, 4, 5, 6, 7, 8]
        let x: [Float] = [0, 1, 2, 3, 4, 5, 6, -.infinity, 8, 9, .nan, 1, 2, 3, 4, 5]
        expect(
            try problem(theta: theta, x: x, xDim: 2),
            holds: [
                "3 of 8 rows", "sims.npz: row 2, theta[0] (mass) = nan", "row 3, x[1] = -inf",
                "row 5, x[0] = nan", "--drop-invalid",
            ]
        )
        var policy = RowPolicy()
        policy.dropsInvalidRows = true
        let path = try archive(theta: theta, x: x, 1, 2)
        for limit in [0, 1 << 20] {
            let set = try SimulationSet(
                table([path]),
                prior: Self.box,
                policy: policy,
                residentLimitBytes: limit
            )
            #expect(set.count == 5)
            #expect(set.refusedCount == 3)
            #expect(try (0..<5).flatMap { try set.x(ofRow: $0) } == [0, 1, 2, 3, 8, 9, 2, 3, 4, 5])
        }
    }

    @Test func `missing numbers are kept where they are accepted`() throws {
        let x: [Float] = [0, .nan, 2, 3, .nan, .nan, 6, .infinity, 4, 5]
        var policy = RowPolicy()
        policy.dropsInvalidRows = true
        policy.acceptsMissing = { $0.contains { $0.isFinite } }
        let path = try archive(theta: [1, 2, 3, 4, 5], x: x, 1, 2)
        let set = try SimulationSet(table([path]), prior: Self.box, policy: policy)
        // Row 2 has no number at all, row 3 an infinity.
        #expect(set.count == 3)
        #expect(try set.x(ofRow: 0)[1].isNaN)
        #expect(set.dataScale == 0.5.squareRoot())
    }

    @Test func `parameters outside the prior are counted and shown`() throws {
        expect(
            try problem(theta: [1, 11, 3, -4, 5], x: [1, 2, 3, 4, 5]),
            holds: [
                "2 of 5 rows", "outside the prior's support", "row 1, theta = [11.0]",
                "row 3, theta = [-4.0]",
            ]
        )
        // Bounds belong to the box.
        let path = try archive(theta: [0, 10, 3], x: [1, 2, 3])
        let set = try SimulationSet(table([path]), prior: Self.box)
        #expect(set.theta == [.leastNonzeroMagnitude, Float(10).nextDown, 3])
    }

    @Test func `columns that tell nothing are named`() throws {
        expect(
            try problem(theta: [2, 2, 2], x: [1, 2, 3]),
            holds: ["theta[0] (mass) is 2.0 in all rows"]
        )
        let x: [Float] = [1, 7, 2, 7, 3, 7]
        expect(
            try problem(theta: [1, 2, 3], x: x, xDim: 2),
            holds: ["x[1] is 7.0 in all rows", "--allow-constant"]
        )
        var policy = RowPolicy()
        policy.allowsConstantX = true
        let path = try archive(theta: [1, 2, 3], x: x, 1, 2)
        #expect(try SimulationSet(table([path]), prior: Self.box, policy: policy).count == 3)
        expect(
            try problem(theta: [1, 2], x: [1, .infinity, 3, -.infinity], xDim: 2),
            holds: ["x[1] is NaN or infinite in all rows"]
        )
    }

    @Test func `too few rows are counted`() throws {
        expect(try problem(theta: [2], x: [1]), holds: ["1 usable rows", "at least 2"])
        expect(
            try problem(
                theta: [2, 3],
                x: [1, 2],
                prior: .boxUniform(lower: [0, 0], upper: [1, 1])
            ),
            holds: ["prior has 2 dimensions"]
        )
    }

    @Test func `a prior fits the parameters`() throws {
        let path = try archive(theta: [1, 3, .nan, 2, 5], x: [1, 2, 3, 4, 5])
        #expect(
            try PriorFit.box.prior(of: table([path]), rows: 5)
                == .boxUniform(lower: [0], upper: [6])
        )
        #expect(
            try PriorFit.normal.prior(of: table([path]), rows: 4)
                == .diagonalNormal(mean: [2], standardDeviation: [1])
        )
        let constant = try archive(theta: [1, 1], x: [1, 2])
        #expect(throws: TrainingError.self) {
            _ = try PriorFit.box.prior(of: table([constant]), rows: 2)
        }
    }
}
