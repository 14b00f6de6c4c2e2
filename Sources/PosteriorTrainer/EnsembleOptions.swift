import ArgumentParser
import Estimators
import Training

/// The flags that ask for several estimators, mixed equally.
struct EnsembleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Train this many estimators with different seeds and mix them equally: more accurate, \
            and as many times the work.
            """,
            valueName: "n"
        )
    )
    var members = 1

    @Flag(
        help: """
            Train the members together, by the loss of their mixture, rather than one after the \
            other, each by its own.
            """
    )
    var jointly = false

    func validate() throws {
        let limit = EstimatorArchitecture.memberLimit
        try require(
            (1...limit).contains(members),
            "--members",
            members,
            expected: "1 to \(limit)"
        )
        guard !jointly || members > 1 else {
            throw ValidationError("--jointly goes with --members of 2 or more")
        }
    }

    /// How many members are trained one after the other.
    var membersInTurn: Int { jointly ? 1 : members }

    /// What is trained in a turn: an estimator and its embedding network, or all of them.
    ///
    /// - Parameters:
    ///   - embedding: The network between x and each estimator, if there is one.
    ///   - seed: The seed of the turn.
    ///   - estimator: The structure of the estimator with a seed.
    /// - Returns: The structure.
    func architecture(
        _ embedding: EmbeddingArchitecture?,
        seed: UInt64,
        estimator: (_ seed: UInt64) -> EstimatorArchitecture
    ) -> EstimatorArchitecture {
        guard jointly else { return estimator(seed) }
        return .ensemble(
            (0..<members).map { index in
                EnsembleMember(
                    estimator: estimator(EnsembleTraining.seed(ofMember: index, of: seed)),
                    embedding: embedding
                )
            }
        )
    }
}
