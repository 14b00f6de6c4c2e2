public import Estimators
import Kernels

/// Assesses how robust posteriors of observations are: what the Fisher information predicts, what
/// the strongest attacks find, and what noise of the same size does.
public struct RobustnessAssessor: Sendable {
    /// How to search for the strongest perturbation, in the norm ‖·‖₂; its seed and its threads are
    /// those of everything else, too.
    public var attack: Attack
    /// Draws of the Fisher information.
    package static let fisherDraws = 1000

    /// Random perturbations of each size.
    private static let noisePoints = 8
    /// Draws of the means and deviations of parameters.
    private static let shiftDraws = 1000
    /// The step that keys of these draws are counted as.
    private static let shiftSeed: UInt64 = 0x5417

    private let sensitivity: PosteriorSensitivity

    /// The attack that is searched for where nothing else is said: from both ends of the top
    /// Fisher eigenvector and a random point.
    public static var defaultAttack: Attack {
        var attack = Attack()
        attack.method = .adaptive
        attack.steps = 200
        attack.draws = 8
        attack.restarts = 3
        attack.evaluationDraws = 1024
        return attack
    }

    /// Prepares a posterior.
    public init(_ posterior: Posterior) {
        self.init(PosteriorSensitivity(posterior))
    }

    /// Prepares a posterior whose sensitivity is planned already.
    package init(_ sensitivity: PosteriorSensitivity) {
        self.sensitivity = sensitivity
        attack = Self.defaultAttack
    }

    /// Draws and densities that the report of one observation takes, but for a factor of about two.
    package static func evaluations(of attack: Attack, levels: Int) -> Int {
        levels * (attack.evaluations + (noisePoints + 2) * attack.evaluationDraws)
            + fisherDraws + 2 * shiftDraws
    }

    /// Observations that are assessed together.
    package func observationsPerPass(levels: Int) -> Int {
        max(1, Attacker(sensitivity).observationsPerPass(attack) / levels)
    }

    /// Assesses each observation.
    ///
    /// A report depends on the observation, the radii, the weights and the settings alone.
    ///
    /// - Parameters:
    ///   - observations: x, `[B, L]`, row-major; NaN is missing and stays so.
    ///   - radii: The sizes of perturbations in the user's units, at least one, each at least 0.
    ///   - isCancelled: Asked again and again; true ends the work.
    /// - Returns: `[B]`.
    /// - Throws: `AttackError.cancelled`.
    public func reports(
        on observations: [Float],
        radii: [Double],
        isCancelled: () -> Bool = { false }
    ) throws(AttackError) -> [RobustnessReport] {
        precondition(!radii.isEmpty, "no radius")
        let xDim = sensitivity.xDim
        let count = observations.count / xDim
        var fishers: [FisherInformation] = []
        var repeated: [Float] = []
        for row in 0..<count {
            if isCancelled() { throw .cancelled }
            let x = Array(observations[(row * xDim)..<((row + 1) * xDim)])
            fishers.append(fisher(at: x))
            for _ in radii { repeated += x }
        }
        let all = (0..<count).flatMap { _ in radii }
        let attacker = Attacker(sensitivity)
        var found = try attacker.outcomes(
            of: attack,
            on: repeated,
            radii: all,
            isCancelled: isCancelled
        )
        var second = attack
        second.method = .eigenvector
        let ends = try attacker.outcomes(
            of: second,
            on: repeated,
            radii: all,
            isCancelled: isCancelled
        )
        for (place, end) in ends.enumerated() where end.isStronger(than: found[place]) {
            found[place] = end
        }
        for row in 0..<count {
            carryOver(&found[(row * radii.count)..<((row + 1) * radii.count)], radii)
        }
        let noise = try noise(on: repeated, radii: all, isCancelled: isCancelled)
        var strongest: [Float] = []
        var reports: [RobustnessReport] = []
        for row in 0..<count {
            let places = (row * radii.count)..<((row + 1) * radii.count)
            let fisher = fishers[row]
            let levels = places.map { place in
                let half = 0.5 * all[place] * all[place]
                return RobustnessReport.Level(
                    radius: all[place],
                    predictedKL: half * fisher.largestEigenvalue.mean,
                    traceBoundKL: half * fisher.trace.mean,
                    attackKL: found[place].klCleanAttacked.atLeastZero,
                    noiseKL: noise[place]
                )
            }
            let best = places.reduce(places.lowerBound) {
                found[$1].isStronger(than: found[$0]) ? $1 : $0
            }
            strongest += found[best].observation
            reports.append(RobustnessReport(fisher: fisher, levels: levels, parameterShift: []))
        }
        if isCancelled() { throw .cancelled }
        let shifts = shifts(from: observations, to: strongest)
        for row in 0..<count { reports[row].parameterShift = shifts[row] }
        return reports
    }

    private func fisher(at observation: [Float]) -> FisherInformation {
        var estimator = FisherEstimator(sensitivity)
        estimator.draws = Self.fisherDraws
        estimator.seed = attack.seed
        estimator.workers = attack.workers
        return estimator.estimate(at: observation)
    }

    /// What is found in a smaller ball is in the larger ones as well.
    private func carryOver(_ outcomes: inout ArraySlice<AttackOutcome>, _ radii: [Double]) {
        let rising = radii.indices.sorted { radii[$0] < radii[$1] }
        for (smaller, larger) in zip(rising, rising.dropFirst()) {
            let (from, to) = (outcomes.startIndex + smaller, outcomes.startIndex + larger)
            if outcomes[from].isStronger(than: outcomes[to]) { outcomes[to] = outcomes[from] }
        }
    }

    /// The mean divergence of random perturbations.
    private func noise(
        on observations: [Float],
        radii: [Double],
        isCancelled: () -> Bool
    ) throws(AttackError) -> [MonteCarloEstimate] {
        var noise = attack
        noise.method = .noise
        noise.restarts = 1
        let attacker = Attacker(sensitivity)
        var values = [[Double]](repeating: [], count: radii.count)
        for point in 0..<Self.noisePoints {
            noise.seed = RandomStream(seed: attack.seed).substream(UInt64(point)).seed
            let outcomes = try attacker.outcomes(
                of: noise,
                on: observations,
                radii: radii,
                isCancelled: isCancelled
            )
            for (row, outcome) in outcomes.enumerated() {
                values[row].append(outcome.klCleanAttacked.mean)
            }
        }
        return values.map { MonteCarloEstimate($0).atLeastZero }
    }

    /// How far the mean of each parameter moves, by draws that share their noise.
    private func shifts(from clean: [Float], to attacked: [Float]) -> [[Double]] {
        let (xDim, dimension) = (sensitivity.xDim, sensitivity.thetaDim)
        let count = clean.count / xDim
        let keys = (0..<count).map { row in
            NoiseKey(
                seed: attack.seed ^ Self.shiftSeed,
                observation: clean[(row * xDim)..<((row + 1) * xDim)]
            )
        }
        let (before, after) = (draws(clean, keys), draws(attacked, keys))
        return (0..<count).map { row in
            (0..<dimension).map { entry in
                func column(_ theta: [Float]) -> [Double] {
                    (0..<Self.shiftDraws).map {
                        Double(theta[(row * Self.shiftDraws + $0) * dimension + entry])
                    }
                }
                let own = MonteCarloEstimate(column(before))
                let moved = MonteCarloEstimate(column(after)).mean - own.mean
                let deviation = own.standardError * Double(Self.shiftDraws).squareRoot()
                return moved / deviation
            }
        }
    }

    private func draws(_ observations: [Float], _ keys: [NoiseKey]) -> [Float] {
        let contexts = sensitivity.contexts(of: observations, workers: attack.workers)
        return sensitivity.theta(
            sensitivity.draws(
                count: Self.shiftDraws,
                given: contexts,
                keys: keys,
                workers: attack.workers
            )
        )
    }
}

extension AttackOutcome {
    /// Whether it moves the posterior farther; what is no number does not.
    fileprivate func isStronger(than other: AttackOutcome) -> Bool {
        let (own, others) = (klCleanAttacked.mean, other.klCleanAttacked.mean)
        return own > others || (others.isNaN && !own.isNaN)
    }
}

extension MonteCarloEstimate {
    /// The estimate of what cannot be negative: no perturbation at all is an attack, too.
    fileprivate var atLeastZero: MonteCarloEstimate {
        MonteCarloEstimate(mean: mean < 0 ? 0 : mean, standardError: standardError)
    }
}
