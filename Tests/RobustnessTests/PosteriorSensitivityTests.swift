import Estimators
import Kernels
import Testing

@Suite struct PosteriorSensitivityTests {
    static let names = ToyPosterior.families.map(\.name)

    /// A sensitivity, the contexts of a few observations, and noise for each.
    private func setUp(
        _ name: String
    ) throws -> (sensitivity: PosteriorSensitivity, contexts: [Float], keys: [NoiseKey]) {
        let posterior = try ToyPosterior.family(name)
        let sensitivity = PosteriorSensitivity(posterior)
        let x = ToyPosterior.observations(5, xDim: posterior.xDim)
        let keys = (0..<5).map { NoiseKey(seed: UInt64($0), observation: [1]) }
        return (sensitivity, sensitivity.contexts(of: x, workers: 1), keys)
    }

    /// Differences of single-precision numbers over h keep about 1e-6 / h of error.
    private static let step: Float = 1.0 / 64

    /// The derivative of `value` `[B]` by entry `place` of the contexts, `[B]`.
    private func differences(
        _ contexts: [Float],
        width: Int,
        place: Int,
        value: ([Float]) -> [Double]
    ) -> [Double] {
        func shifted(_ h: Float) -> [Double] {
            var moved = contexts
            for row in stride(from: 0, to: contexts.count, by: width) { moved[row + place] += h }
            return value(moved)
        }
        let h = Self.step
        let near = zip(shifted(h), shifted(-h)).map { $0 - $1 }
        let far = zip(shifted(2 * h), shifted(-2 * h)).map { $0 - $1 }
        return zip(near, far).map { (8 * $0 - $1) / Double(12 * h) }
    }

    @Test(arguments: names)
    func `draws are those of the posterior`(_ name: String) throws {
        let posterior = try ToyPosterior.family(name)
        let sensitivity = PosteriorSensitivity(posterior)
        let x = ToyPosterior.observations(2, xDim: posterior.xDim)
        let keys = (0..<2).map {
            NoiseKey(seed: 7, observation: x[($0 * posterior.xDim)..<(($0 + 1) * posterior.xDim)])
        }
        let u = sensitivity.draws(
            count: 30,
            given: sensitivity.contexts(of: x, workers: 1),
            keys: keys,
            workers: 1
        )
        #expect(sensitivity.theta(u) == posterior.sample(count: 30, given: x, seed: 7).theta)
        #expect(sensitivity.unconstrained(sensitivity.theta(u)) == u)
    }

    @Test(arguments: names)
    func `scores are the derivatives of the log density`(_ name: String) throws {
        let (sensitivity, contexts, keys) = try setUp(name)
        let u = sensitivity.draws(count: 1, given: contexts, keys: keys, workers: 1)
        let width = sensitivity.contextDim
        let rows = sensitivity.scores(u, given: contexts, workers: 1)
        var misses = 0
        for place in 0..<width {
            let expected = differences(contexts, width: width, place: place) {
                sensitivity.logProb(u, given: $0, workers: 1).map(Double.init)
            }
            for row in keys.indices {
                let score = Double(rows[row * (1 + width) + 1 + place])
                if abs(score - expected[row]) >= 0.02 * (1 + abs(score)) { misses += 1 }
            }
        }
        // A network of relu or splines bends between the points of some differences; the same
        // derivatives are compared in Double, far closer, in the tests of Estimators.
        #expect(misses <= keys.count * width / 4, "\(misses) misses")
    }

    @Test(arguments: names)
    func `the scores of draws are those of a draw held where it is`(_ name: String) throws {
        let (sensitivity, contexts, keys) = try setUp(name)
        let u = sensitivity.draws(count: 40, given: contexts, keys: keys, workers: 1)
        let width = sensitivity.contextDim
        let alone = sensitivity.scores(u, given: contexts, workers: 1)
        let joint = sensitivity.drawScores(count: 40, given: contexts, keys: keys, workers: 1)
        for row in 0..<(40 * keys.count) {
            for place in 0..<width {
                let first = alone[row * (1 + width) + 1 + place]
                let second = joint[
                    row * (sensitivity.thetaDim + width) + sensitivity.thetaDim + place
                ]
                #expect(abs(first - second) <= 1e-4 * (1 + abs(first)))
            }
        }
    }

    @Test(arguments: names)
    func `a divergence by parts is the mean of log ratios at draws`(_ name: String) throws {
        let (sensitivity, contexts, keys) = try setUp(name)
        let second = contexts.map { $0 + 0.2 }
        let count = 4000
        let dimension = sensitivity.thetaDim
        let byParts = sensitivity.divergences(
            count: count,
            of: contexts,
            from: second,
            keys: keys,
            workers: 2
        )
        let draws = sensitivity.drawsWithLogProb(
            count: count,
            given: contexts,
            keys: keys,
            workers: 2
        )
        let u = (0..<(count * keys.count)).flatMap { row in
            draws[(row * (dimension + 1))..<(row * (dimension + 1) + dimension)]
        }
        let other = sensitivity.logProb(u, given: second, workers: 2)
        for row in keys.indices {
            func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
                let mean = values.reduce(0, +) / Double(count)
                let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                return (mean, squares / Double(count - 1) / Double(count))
            }
            let own = moments(
                (0..<count).map {
                    Double(byParts[(row * count + $0) * (1 + sensitivity.contextDim)])
                }
            )
            let plain = moments(
                (0..<count).map { draw in
                    let place = row * count + draw
                    return Double(draws[place * (dimension + 1) + dimension]) - Double(other[place])
                }
            )
            // Four standard errors of the difference; the draws are the same for one part.
            #expect(
                abs(own.mean - plain.mean) < 4 * (own.variance + plain.variance).squareRoot() + 1e-4
            )
        }
    }

    @Test(arguments: names)
    func `a divergence's gradient is that of its mean`(_ name: String) throws {
        let (sensitivity, contexts, keys) = try setUp(name)
        let second = contexts.map { $0 + 0.2 }
        let (count, step) = (4000, Float(1e-2))
        let width = 1 + sensitivity.contextDim
        func table(_ first: [Float]) -> [Float] {
            sensitivity.divergences(
                count: count,
                of: first,
                from: second,
                keys: keys,
                workers: 2
            )
        }
        func mean(_ table: [Float], _ row: Int, _ column: Int) -> Double {
            (0..<count).reduce(0) { $0 + Double(table[(row * count + $1) * width + column]) }
                / Double(count)
        }
        func moved(by step: Float) -> [Float] {
            table(
                contexts.enumerated().map {
                    $0 % sensitivity.contextDim == 0 ? $1 + step : $1
                }
            )
        }
        let (low, high, here) = (moved(by: -step), moved(by: step), table(contexts))
        let scores = sensitivity.drawScores(
            count: count,
            given: contexts,
            keys: keys,
            workers: 2
        )
        let withScore = sensitivity.divergences(
            count: count,
            of: contexts,
            from: second,
            keys: keys,
            keepsScore: true,
            workers: 2
        )
        let stride = scores.count / (keys.count * count)
        for row in keys.indices {
            let slope = (mean(high, row, 0) - mean(low, row, 0)) / Double(2 * step)
            // What is taken out has mean zero, and this spread.
            let own = (0..<count).map { draw in
                Double(scores[(row * count + draw + 1) * stride - sensitivity.contextDim])
            }
            let squares = own.reduce(0) { $0 + $1 * $1 }
            if sensitivity.isOneStratum {
                let score = own.reduce(0, +) / Double(count)
                let taken = mean(withScore, row, 1) - mean(here, row, 1)
                #expect(abs(taken - score) < 1e-4 * (1 + (squares / Double(count)).squareRoot()))
            }
            let error = squares.squareRoot() / Double(count)
            #expect(abs(mean(here, row, 1) - slope) < 5 * error + 1e-2 * abs(slope) + 1e-3)
        }
        // At the minimum nothing is left to chance.
        let still = sensitivity.divergences(
            count: count,
            of: contexts,
            from: contexts,
            keys: keys,
            workers: 2
        )
        let moving = (0..<(keys.count * count)).count { abs(still[$0 * width + 1]) > 1e-3 }
        // A draw on the edge of a spline's bin has two slopes.
        #expect(moving <= 2)
    }

    @Test func `derivatives by the context go back to x through an embedding network`() throws {
        let posterior = try ToyPosterior.random(
            .maskedAutoregressiveFlow(thetaDim: 2, hiddenFeatures: 8, seed: 1),
            thetaDim: 2,
            xDim: 6,
            embedding: EmbeddingArchitecture(
                xShape: [6],
                layers: [.linear(features: 5), .activation(.tanh), .linear(features: 3)]
            )
        )
        let sensitivity = PosteriorSensitivity(posterior)
        #expect(sensitivity.contextDim == 3)
        let x = ToyPosterior.observations(2, xDim: 6)
        let cotangents: [Float] = [1, 0, 0, 0, 1, 0, 0.5, -1, 2, 0, 0, 1]
        let pulled = sensitivity.pullback(cotangents, at: x, workers: 1)
        for draw in 0..<2 {
            for place in 0..<6 {
                let expected = differences(x, width: 6, place: place) { moved in
                    let contexts = sensitivity.contexts(of: moved, workers: 1)
                    return (0..<2).map { row in
                        var total = 0.0
                        for unit in 0..<3 {
                            let cotangent = cotangents[(row * 2 + draw) * 3 + unit]
                            total += Double(cotangent) * Double(contexts[row * 3 + unit])
                        }
                        return total
                    }
                }
                for row in 0..<2 {
                    let value = Double(pulled[(row * 2 + draw) * 6 + place])
                    #expect(abs(value - expected[row]) < 1e-3 * (1 + abs(value)))
                }
            }
        }
    }
}
