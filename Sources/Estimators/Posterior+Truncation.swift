/// The share of an untruncated posterior's mass that lies inside the prior, as measured.
public struct AcceptanceRate: Sendable, Equatable {
    /// How many draws were tried.
    public let proposals: Int
    /// How many of them lay inside.
    public let accepted: Int

    /// The rate.
    public var value: Double { Double(accepted) / Double(proposals) }

    /// Its standard error, √(a (1 − a) / N).
    public var standardError: Double {
        (value * (1 - value) / Double(proposals)).squareRoot()
    }

    /// The standard error of the rate's logarithm, √((1 − a) / (a N)).
    public var logStandardError: Double { standardError / value }
}

/// Draws of one truncated posterior: those of the untruncated one that lie inside the prior.
public struct TruncatedSamples: Sendable, Equatable {
    /// The draws, `[S, D]`, fewer than asked for where a limit came first.
    public let theta: [Float]
    /// The untruncated log density of each, `[S]`, when it was asked for.
    public let logProb: [Float]?
}

extension Posterior {
    /// Draws that every acceptance rate is measured with.
    public static let acceptanceProposals = 10_000
    /// The seed of these draws: a rate is a function of the model and the observation alone.
    private static let acceptanceSeed: UInt64 = 0x5EED

    /// The share of the untruncated posterior given x `[L]` that lies inside the prior.
    public func acceptanceRate(given x: [Float], workers: Int = 1) -> AcceptanceRate {
        let proposals = Self.acceptanceProposals
        let draws = sample(
            count: proposals,
            given: x,
            seed: Self.acceptanceSeed,
            workers: workers
        )
        let accepted = isInSupport(draws.theta).count { $0 }
        return AcceptanceRate(proposals: proposals, accepted: accepted)
    }

    /// Draws from the truncated posterior given x `[L]`, by bounded rejection.
    ///
    /// They are the first of the untruncated draws, in the order of their index, that lie inside:
    /// neither `count` nor the batch changes them, and a limit only ends them earlier.
    ///
    /// - Parameters:
    ///   - count: S, how many are wanted.
    ///   - x: One observation, `[L]`.
    ///   - seed: The seed of the draws.
    ///   - rate: The acceptance rate, which says how many draws to try.
    ///   - mostProposals: The most draws to try.
    ///   - deadline: When to stop trying.
    ///   - withLogProb: Whether to return the untruncated log density of each draw, too.
    ///   - workers: How many threads may take part.
    /// - Returns: The draws; none where no draw that was tried lies inside.
    public func truncatedSample(
        count: Int,
        given x: [Float],
        seed: UInt64,
        rate: AcceptanceRate,
        mostProposals: Int,
        deadline: ContinuousClock.Instant,
        withLogProb: Bool = false,
        workers: Int = 1
    ) -> TruncatedSamples {
        let share = max(rate.value, 1 / Double(rate.proposals))
        let likely = min(Double(count) / share * 1.05 + 50, Double(mostProposals))
        var proposals = max(Int(likely), min(count, mostProposals))
        while true {
            // A draw is a function of its index, so a longer run begins with the shorter one.
            let draws = sample(
                count: proposals,
                given: x,
                seed: seed,
                withLogProb: withLogProb,
                workers: workers
            )
            let inside = isInSupport(draws.theta).enumerated()
                .filter(\.element).map(\.offset).prefix(count)
            let isEnough = inside.count == count
            if isEnough || proposals >= mostProposals || ContinuousClock.now >= deadline {
                return TruncatedSamples(
                    theta: inside.flatMap { draws.theta[$0 * thetaDim..<($0 + 1) * thetaDim] },
                    logProb: draws.logProb.map { logProb in inside.map { logProb[$0] } }
                )
            }
            proposals = min(2 * proposals, mostProposals)
        }
    }
}
