import Estimators
import StrictJSON

/// The body of `POST …/log_prob`.
struct LogProbRequest {
    let queries: ThetaQueries
    /// Whether the density is to be that of the posterior: divided by its mass inside the prior.
    let isNormalized: Bool
    /// Whether the model's density has mass outside the prior.
    let isTruncated: Bool

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
        try fields.refuseOthers(than: ThetaQueries.names + ["normalized"])
        isNormalized = try fields.optional("normalized")?.boolean() ?? true
        isTruncated = posterior.support == .truncated
        queries = try ThetaQueries(
            fields,
            xShape: xShape,
            thetaDim: posterior.thetaDim,
            limits: limits
        )
        if isNormalized {
            try limits.checkAcceptanceRates(of: posterior, observations: queries.entries.count)
        }
    }
}
