import ArgumentParser
import Distributions
import Estimators

/// How an estimator keeps to the support of the prior.
enum SupportOption: String, CaseIterable, ExpressibleByArgument {
    /// Through the prior's bijection to the whole space.
    case unconstrained
    /// By leaving out draws that fall outside.
    case truncated
}

/// What the benchmark samples: an equal mixture of trained estimators, inside the prior's support.
struct BenchmarkedPosterior: Sendable {
    /// The estimators.
    let members: [Posterior]
    /// The bijections of the task's prior, whose support counts, `[D]`.
    let supports: [SupportTransform]

    /// The most draws for each one that is wanted.
    private static let effort = 100

    /// Draws from the posterior of one observation, each member as many.
    ///
    /// - Parameters:
    ///   - count: The number of draws, S.
    ///   - observation: `[L]`.
    ///   - seed: The seed of the draws.
    /// - Returns: `[S, D]`, row-major.
    /// - Throws: `CommandFailure` when hardly a draw lies inside the prior.
    func sample(
        count: Int,
        given observation: [Float],
        seed: UInt64
    ) throws(CommandFailure) -> [Float] {
        var theta: [Float] = []
        for (index, member) in members.enumerated() {
            let share = count * (index + 1) / members.count - count * index / members.count
            var kept: [Float] = []
            var asked = share
            while kept.count < share * supports.count {
                guard asked <= Self.effort * share else {
                    throw CommandFailure(
                        """
                        fewer than one draw in \(Self.effort) lies inside the prior; train with \
                        --support unconstrained
                        """
                    )
                }
                // A longer run repeats the draws of a shorter one and goes on.
                kept = inside(
                    member.sample(
                        count: asked,
                        given: observation,
                        seed: seed &+ UInt64(index)
                    ).theta
                )
                asked *= 2
            }
            theta += kept.prefix(share * supports.count)
        }
        return theta
    }

    /// The rows inside the support.
    private func inside(_ rows: [Float]) -> [Float] {
        let dimension = supports.count
        return stride(from: 0, to: rows.count, by: dimension).flatMap { start in
            let row = rows[start..<start + dimension]
            let holds = zip(supports, row).allSatisfy { $0.contains(Double($1)) }
            return holds ? row : []
        }
    }
}
