import StrictJSON

/// The body of `POST …/log_prob`.
struct LogProbRequest {
    let queries: ThetaQueries

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - xShape: What an observation of the model looks like.
    ///   - thetaDim: How many numbers a theta has.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        xShape: ObservationShape,
        thetaDim: Int,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: ThetaQueries.names)
        queries = try ThetaQueries(fields, xShape: xShape, thetaDim: thetaDim, limits: limits)
    }
}
