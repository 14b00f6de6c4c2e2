import Estimators
import StrictJSON

/// The body of `POST …/credible`.
struct CredibleRequest {
    /// Draws of each observation, where the request does not say.
    private static let defaultDraws = 10_000

    let queries: ThetaQueries
    let count: Int
    let seed: UInt64?

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - xShape: What an observation of the model looks like.
    ///   - posterior: The model's posterior.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        xShape: ObservationShape,
        posterior: Posterior,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: ThetaQueries.names + ["num_samples", "seed"])
        queries = try ThetaQueries(
            fields,
            xShape: xShape,
            thetaDim: posterior.thetaDim,
            limits: limits
        )
        count =
            try fields.optional("num_samples")?.integer(in: 1...limits.draws)
            ?? min(Self.defaultDraws, limits.draws)
        seed = try fields.optional("seed")?.integer(in: SampleRequest.seeds)
        try limits.checkEvaluations(
            "num_samples",
            "draws",
            count,
            observations: queries.entries.count
        )
        try limits.checkAcceptanceRates(of: posterior, observations: queries.entries.count)
    }
}
