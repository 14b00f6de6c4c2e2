import Autodiff
import Distributions

/// Where a posterior's density is highest, as far as a search found.
public struct PosteriorMaximum: Sendable, Equatable {
    /// The parameters, `[D]`.
    public var theta: [Float]
    /// log q(theta | x) there, in the user's units.
    public var logProb: Float
    /// Whether the search ended because no step was expected to gain anything more.
    public var isConverged: Bool

    /// Makes a value from its parts.
    public init(theta: [Float], logProb: Float, isConverged: Bool) {
        self.theta = theta
        self.logProb = logProb
        self.isConverged = isConverged
    }
}

extension Posterior {
    /// The most evaluations of the density and its gradient that a climb may take.
    public static let maximumClimb = 200
    /// Draws that tell how wide a posterior is.
    private static let scaleDraws = 256

    /// Searches for the theta with the highest density given each observation.
    ///
    /// The density is that of theta in the user's units, `logProb`; the search moves in the
    /// unconstrained space of the prior's bijection, so that theta stays inside its support. It
    /// climbs from the draws with the highest densities and returns the best of the summits: a
    /// local maximum for certain once converged, the global one if a climb began in its reach.
    ///
    /// The result is a function of the weights, the observation, the seed and the two counts.
    ///
    /// - Parameters:
    ///   - observations: `[B, L]`, row-major.
    ///   - seed: The seed of the draws.
    ///   - candidates: How many draws are looked at.
    ///   - starts: From how many of them a climb begins, at most `candidates`.
    ///   - deadline: When to return the best points so far.
    ///   - workers: How many threads may take part.
    /// - Returns: One maximum an observation; nil where no density is finite.
    public func maxima(
        given observations: [Float],
        seed: UInt64,
        candidates: Int,
        starts: Int,
        deadline: ContinuousClock.Instant? = nil,
        workers: Int = 1
    ) -> [PosteriorMaximum?] {
        precondition(starts > 0 && starts <= candidates, "\(starts) starts, \(candidates) draws")
        let batch = observations.count / xDim
        let drawn = max(candidates, Self.scaleDraws)
        let draws = sample(count: drawn, given: observations, seed: seed, workers: workers).theta
        let densities = logProb(draws, given: observations, workers: workers)
        let transforms = prior.supportTransforms
        var climbs: [[DensityAscent]] = (0..<batch).map { row in
            let own = (0..<drawn).map { draw in
                transforms.enumerated().map { dimension, transform in
                    transform.toUnconstrained(
                        Double(draws[(row * drawn + draw) * thetaDim + dimension])
                    )
                }
            }
            let scales = scales(of: own)
            // None begins outside the prior, where the density is zero, or on its bound.
            let finite = (0..<candidates).filter { draw in
                densities[row * drawn + draw].isFinite && own[draw].allSatisfy(\.isFinite)
            }
            // The first of equals comes first.
            let best = finite.sorted { first, second in
                let (a, b) = (densities[row * drawn + first], densities[row * drawn + second])
                return a == b ? first < second : a > b
            }
            return best.prefix(starts).map { DensityAscent(start: own[$0], scales: scales) }
        }
        climb(&climbs, starts, observations, deadline, workers)
        return summits(of: climbs, starts, observations, workers)
    }

    /// The deviation of each dimension over points `[S][D]`.
    private func scales(of points: [[Double]]) -> [Double] {
        (0..<thetaDim).map { dimension in
            let column = points.map { $0[dimension] }.filter(\.isFinite)
            let count = Double(max(column.count, 1))
            let mean = column.reduce(0, +) / count
            let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
            let scale = variance.squareRoot()
            return scale > 0 && scale.isFinite ? scale : 1
        }
    }

    /// Lets all climbs go on until each has ended.
    private func climb(
        _ climbs: inout [[DensityAscent]],
        _ starts: Int,
        _ observations: [Float],
        _ deadline: ContinuousClock.Instant?,
        _ workers: Int
    ) {
        let evaluator = ascentEvaluator.evaluator
        for _ in 0..<Self.maximumClimb {
            if let deadline, ContinuousClock.now >= deadline { return }
            let active = climbs.indices.filter { row in
                climbs[row].contains { $0.state == .climbing }
            }
            guard !active.isEmpty else { return }
            var x: [Float] = []
            var points: [Float] = []
            for row in active {
                x += observations[row * xDim..<(row + 1) * xDim]
                for start in 0..<starts {
                    // Where fewer draws had a density, the last climb fills the lanes.
                    let climb = climbs[row][min(start, climbs[row].count - 1)]
                    points += climb.proposal.map { Float($0) }
                }
            }
            let rows = evaluator.evaluate(
                parameters: parameters,
                observations: active.count,
                samples: starts,
                sources: [.rows(points), .rows(x)],
                workers: workers
            )
            for (place, row) in active.enumerated() {
                for start in climbs[row].indices {
                    let first = (place * starts + start) * (1 + thetaDim)
                    climbs[row][start].receive(
                        Double(rows[first]),
                        gradient: rows[first + 1..<first + 1 + thetaDim].map { Double($0) }
                    )
                }
            }
        }
    }

    /// The best of each observation's points, by the density of the theta that is returned.
    private func summits(
        of climbs: [[DensityAscent]],
        _ starts: Int,
        _ observations: [Float],
        _ workers: Int
    ) -> [PosteriorMaximum?] {
        let transforms = prior.supportTransforms
        return climbs.enumerated().map { row, climbs in
            let found = climbs.filter { $0.state != .lost }
            guard !found.isEmpty else { return nil }
            let theta = found.flatMap { climb in
                zip(transforms, climb.point).map { transform, u in
                    transform.roundedInside(transform.toSupport(u))
                }
            }
            let x = Array(observations[row * xDim..<(row + 1) * xDim])
            let densities = logProb(theta, given: x, workers: workers)
            var best: Int?
            for place in densities.indices where densities[place].isFinite {
                if best.map({ densities[place] > densities[$0] }) ?? true { best = place }
            }
            return best.map { best in
                PosteriorMaximum(
                    theta: Array(theta[best * thetaDim..<(best + 1) * thetaDim]),
                    logProb: densities[best],
                    isConverged: found[best].state == .converged
                )
            }
        }
    }
}
