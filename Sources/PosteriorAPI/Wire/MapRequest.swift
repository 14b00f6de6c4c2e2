import Estimators
import StrictJSON

/// The body of `POST …/map`.
struct MapRequest {
    /// The most climbs of one observation.
    private static let mostStarts = 256

    let observations: ObservationList
    /// Draws of each observation that are looked at.
    let count: Int
    /// How many of them a climb begins from.
    let starts: Int
    let seed: UInt64?

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - xShape: What an observation of the model looks like.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(_ body: JSONValue, xShape: ObservationShape, limits: ServiceLimits) throws(JSONFieldError)
    {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(
            than: ["observations", "observation", "num_samples", "starts", "seed"]
        )
        observations = try ObservationList(fields, shape: xShape, limits: limits)
        count =
            try fields.optional("num_samples")?.integer(in: 1...limits.draws)
            ?? min(1000, limits.draws)
        let most = min(Self.mostStarts, count)
        starts = try fields.optional("starts")?.integer(in: 1...most) ?? min(32, count)
        seed = try fields.optional("seed")?.integer(in: SampleRequest.seeds)
        try limits.checkEvaluations(
            "observations",
            "evaluations (draws + starts × \(Posterior.maximumClimb))",
            count + starts * Posterior.maximumClimb,
            observations: observations.count
        )
    }
}
