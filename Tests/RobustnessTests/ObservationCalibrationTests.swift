import Distributions
import Estimators
import Kernels
import Robustness
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite struct ObservationCalibrationTests {
    /// Observations (a, a + b / 10, c, …): one direction varies far more than the rest, and one far
    /// less.
    private func observations(_ count: Int, width: Int, seed: UInt64) -> [Float] {
        (0..<count).flatMap { row -> [Float] in
            var stream = RandomStream(seed: seed, stream: UInt64(row))
            let first = stream.normal()
            return [Float(first), Float(first + 0.1 * stream.normal())]
                + (2..<width).map { _ in Float(stream.normal()) }
        }
    }

    private func calibration(
        width: Int = 4,
        rows: Int = 2000
    ) throws -> (
        Posterior, ObservationCalibration
    ) {
        let posterior = try ToyPosterior.linearNormal(
            gains: Array(repeating: 1, count: width),
            noise: 1
        )
        let calibration = ObservationCalibration(
            of: posterior,
            training: observations(rows, width: width, seed: 1),
            heldOut: observations(400, width: width, seed: 2)
        )
        return (posterior, try #require(calibration))
    }

    @Test func `the variances along the directions are those of the observations`() throws {
        let (_, calibration) = try calibration()
        let variances = calibration.distance.variances.map(Double.init)
        // (1, 1) / √2 and (1, −1) / √2 nearly: eigenvalues of [[1, 1], [1, 1.01]].
        let expected = [2.005_012_5, 1, 1, 0.004_987_5]
        for (variance, expected) in zip(variances, expected) {
            // The standard deviation of a variance from n rows is √(2 / n) of it; the order of
            // two that are alike adds to it.
            #expect(abs(variance / expected - 1) < 5 * (2.0 / 2000).squareRoot())
        }
        #expect(abs(abs(calibration.distance.directions[0]) - 0.5.squareRoot().float) < 0.05)
    }

    @Test func `distances of a normal are chi-square`() throws {
        let (_, calibration) = try calibration()
        // d² has the mean 1 and the variance 2 / W.
        let mean = calibration.distances.reduce(0) { $0 + Double($1) } / 400
        #expect(abs(mean - 1) < 4 * (2.0 / 4 / 400).squareRoot())
        // The median of chi-square with 4 degrees of freedom is 3.357.
        #expect(abs(Double(calibration.distances[200]) * 4 - 3.357) < 0.5)
    }

    @Test func `usual observations are typical, and those shifted are not`() throws {
        let (posterior, calibration) = try calibration()
        let usual = observations(400, width: 4, seed: 3)
        let typicalities = (0..<400).map { row in
            calibration.typicality(of: Array(usual[(row * 4)..<(row * 4 + 4)]), under: posterior)
        }
        // Uniform: the mean of 400 is within 4 · 0.29 / 20 of one half.
        #expect(abs(typicalities.reduce(0, +) / 400 - 0.5) < 0.08)
        #expect(abs(Double(typicalities.count { $0 < 0.1 }) / 400 - 0.1) < 0.07)
        let least = 1.0 / 401
        #expect(calibration.typicality(of: [10, 10, 0, 0], under: posterior) == least)
        #expect(calibration.typicality(of: [3e38, 0, 0, 0], under: posterior) == least)
        // Each entry is usual, both together are not.
        #expect(calibration.typicality(of: [1, -1, 0, 0], under: posterior) == least)
        #expect(calibration.typicality(of: [0, 0, 0, 0], under: posterior) > 0.95)
    }

    @Test func `thousands of entries are told apart by what the directions leave`() throws {
        // A curve of 600 points with noise, in as many entries.
        let width = 600
        func curves(_ count: Int, seed: UInt64, noise: Double = 0.1) -> [Float] {
            (0..<count).flatMap { row -> [Float] in
                var stream = RandomStream(seed: seed, stream: UInt64(row))
                let (height, slope) = (stream.normal(), stream.normal())
                return (0..<width).map {
                    Float(height + slope * Double($0) / 300 + noise * stream.normal())
                }
            }
        }
        let posterior = try ToyPosterior.random(
            .mixtureDensityNetwork(components: 1, hiddenFeatures: 8),
            thetaDim: 2,
            xDim: width
        )
        let calibration = try #require(
            ObservationCalibration(
                of: posterior,
                training: curves(300, seed: 1),
                heldOut: curves(60, seed: 2)
            )
        )
        #expect(calibration.distance.variances.count == 30)
        #expect(calibration.typicality(of: curves(1, seed: 9), under: posterior) > 1.5 / 61)
        let noisy = curves(1, seed: 9, noise: 0.2)
        #expect(calibration.typicality(of: noisy, under: posterior) == 1.0 / 61)
    }

    @Test func `trials that are missing are left out`() throws {
        let posterior = try ToyPosterior.random(
            .mixtureDensityNetwork(components: 1, hiddenFeatures: 8),
            thetaDim: 2,
            xDim: 6,
            embedding: EmbeddingArchitecture(
                xShape: [3, 2],
                layers: [.trials([.linear(features: 4)], aggregation: .mean)]
            )
        )
        func sets(_ count: Int, seed: UInt64) -> [Float] {
            (0..<count).flatMap { row -> [Float] in
                var stream = RandomStream(seed: seed, stream: UInt64(row))
                let present = 1 + stream.integer(below: 3)
                return (0..<6).map { $0 < 2 * present ? Float(stream.normal()) : .nan }
            }
        }
        let calibration = try #require(
            ObservationCalibration(
                of: posterior,
                training: sets(500, seed: 1),
                heldOut: sets(200, seed: 2)
            )
        )
        #expect(calibration.distance.trialWidth == 2)
        #expect(calibration.fisherTraces.count == 200)
        let nan = Float.nan
        #expect(calibration.typicality(of: [0, 0, nan, nan, nan, nan], under: posterior) > 0.9)
        #expect(
            calibration.typicality(of: [9, 9, nan, nan, nan, nan], under: posterior) == 1.0 / 201
        )
    }

    @Test func `the percentile is the share of smaller traces`() throws {
        let (_, measured) = try calibration()
        // The Fisher information of a linear normal is the same everywhere.
        #expect(abs(measured.fisherTraces[0] / measured.fisherTraces[399] - 1) < 1e-5)
        let calibration = ObservationCalibration(
            distance: measured.distance,
            distances: [1],
            fisherTraces: [1, 2, 2, 5],
            fisherDraws: 10
        )
        #expect([0.5, 1, 1.5, 2, 3, 9].map(calibration.percentile) == [0, 0, 25, 25, 75, 100])
        #expect(calibration.percentile(ofTrace: .nan).isNaN)
    }

    @Test func `too few observations give no calibration`() throws {
        let posterior = try ToyPosterior.linearNormal()
        #expect(ObservationCalibration(of: posterior, training: [], heldOut: []) == nil)
    }

    @Test func `a calibration keeps through its tensors`() throws {
        let (posterior, calibration) = try calibration()
        let copy = try ObservationCalibration(
            tensors: calibration.tensors,
            posterior: posterior,
            fisherDraws: calibration.fisherDraws
        )
        #expect(copy == calibration)
    }

    @Test(arguments: [
        ("calibration.x_center", Tensor(shape: [3], values: [0, 0, 0]), "expected 4"),
        ("calibration.x_center", nil, "missing"),
        ("calibration.x_directions", Tensor(shape: [1, 4], values: [1, 0, 0, 0]), "[4, 4]"),
        ("calibration.x_directions", Tensor(shape: [4], values: [1, 0, 0, 0]), "2 axes"),
        ("calibration.x_variances", Tensor(shape: [4], values: [1, 1, 0, 1]), "positive"),
        ("calibration.x_residual_variance", Tensor(shape: [1], values: [-1]), "positive"),
        ("calibration.x_residual_variance", Tensor(shape: [2], values: [1, 1]), "expected 1"),
        ("calibration.distances", Tensor(shape: [2], values: [2, 1]), "none below"),
        ("calibration.distances", Tensor(shape: [0], values: []), "a value"),
        ("calibration.fisher_traces", Tensor(shape: [1], values: [-1]), "from 0 upward"),
        ("calibration.weights", Tensor(shape: [1], values: [1]), "not known"),
    ])
    func `a tensor that is wrong is named`(name: String, tensor: Tensor?, reason: String) throws {
        let (posterior, calibration) = try calibration()
        var tensors = calibration.tensors
        tensors[name] = tensor
        let error = try #require(throws: CalibrationTensorError.self) {
            try ObservationCalibration(tensors: tensors, posterior: posterior, fisherDraws: 9)
        }
        #expect(error.tensor == name)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }
}

extension Double {
    fileprivate var float: Float { Float(self) }
}
