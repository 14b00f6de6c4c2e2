import Estimators
import StrictJSON

/// Bounds on what one request may ask for.
public struct ServiceLimits: Sendable, Equatable {
    /// The longest body, in bytes, as it is received.
    public var bodyBytes: Int
    /// The longest body, in bytes, once it is decompressed.
    public var decodedBytes: Int
    /// The most observations of one request.
    public var observations: Int
    /// The most draws of one observation.
    public var draws: Int
    /// The most numbers one request may hold, and the most numbers one answer is made of.
    public var numbers: Int
    /// The most draws and densities one request may have worked out that are not in its answer:
    /// for a highest density, a level, Fisher information, or the steps of an attack.
    public var evaluations: Int
    /// How long one request may compute; what is not done by then is left out of its answer.
    public var computeTime: Duration
    /// The longest that a request may occupy a connection's loop; longer work goes to a worker.
    public var loopTime: Duration

    /// Makes limits.
    public init(
        bodyBytes: Int = 16 << 20,
        decodedBytes: Int = 64 << 20,
        observations: Int = 100_000,
        draws: Int = 100_000,
        numbers: Int = 4_000_000,
        evaluations: Int = 10_000_000,
        computeTime: Duration = .seconds(30),
        loopTime: Duration = .microseconds(50)
    ) {
        self.bodyBytes = bodyBytes
        self.decodedBytes = decodedBytes
        self.observations = observations
        self.draws = draws
        self.numbers = numbers
        self.evaluations = evaluations
        self.computeTime = computeTime
        self.loopTime = loopTime
    }
}

extension ServiceLimits {
    /// Refuses tables of more numbers than a request may have.
    ///
    /// - Parameters:
    ///   - path: The field that asks for them.
    ///   - rows: How many draws there are.
    ///   - width: How many numbers belong to one.
    /// - Throws: `JSONFieldError` naming the field, the bound and the product.
    func checkNumbers(_ path: String, rows: Int, width: Int) throws(JSONFieldError) {
        guard rows * width > numbers else { return }
        throw .mismatch(
            path: path,
            expected: "at most \(numbers) numbers of draws and scores at a time",
            found: "\(rows) × \(width) = \(rows * width)"
        )
    }

    /// The most draws that are tried for each of some observations of a truncated posterior.
    func proposals(observations count: Int) -> Int {
        min(evaluations / max(count, 1), draws * 10)
    }

    /// Refuses more evaluations than a request may have.
    ///
    /// - Parameters:
    ///   - path: The field that asks for them.
    ///   - noun: What they are.
    ///   - count: How many each observation takes.
    ///   - observations: How many observations there are.
    /// - Throws: `JSONFieldError` naming the field, the bound and the product.
    func checkEvaluations(
        _ path: String,
        _ noun: String,
        _ count: Int,
        observations: Int
    ) throws(JSONFieldError) {
        // Both were compared with limits far below the root of the largest Int.
        guard observations * count > evaluations else { return }
        throw .mismatch(
            path: path,
            expected: "at most \(evaluations) \(noun) over all observations",
            found: "\(observations) × \(count) = \(observations * count); ask for less at a time"
        )
    }

    /// Refuses more observations than acceptance rates may be measured of, where there is one.
    ///
    /// - Throws: `JSONFieldError` naming the field, the bound and the product.
    func checkAcceptanceRates(
        of posterior: Posterior,
        observations: Int
    ) throws(JSONFieldError) {
        guard posterior.support == .truncated else { return }
        try checkEvaluations(
            "observations",
            "draws that measure acceptance rates",
            Posterior.acceptanceProposals,
            observations: observations
        )
    }
}
