import StrictJSON

/// The body of `POST …/sample`.
struct SampleRequest {
    /// The seeds a client may send.
    ///
    /// Every 64-bit seed is taken, and its digits are read exactly. Seeds the server picks stay
    /// below 2⁵³, so that clients that read numbers as `Double` can send them back unchanged.
    static let seeds = 0...UInt64.max

    let observations: ObservationList
    let count: Int
    let seed: UInt64?
    let output: SampleAnswer.Output
    let withLogProb: Bool
    /// What a summary gives; unused where none is asked for.
    let levels: SummaryLevels

    private static let names =
        ["observations", "observation", "num_samples", "seed", "output", "log_prob"]
        + SummaryLevels.names

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - xShape: What an observation of the model looks like.
    ///   - thetaDim: How many numbers a draw has.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        xShape: ObservationShape,
        thetaDim: Int,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: Self.names)
        observations = try ObservationList(fields, shape: xShape, limits: limits)
        let draws = fields.optional("num_samples")
        count = try draws?.integer(in: 1...limits.draws) ?? 1000
        seed = try fields.optional("seed")?.integer(in: Self.seeds)
        output = try fields.optional("output").map(SampleAnswer.Output.init) ?? .samples
        withLogProb = try fields.optional("log_prob")?.boolean() ?? false
        levels = try SummaryLevels(fields, output: output)
        // At most 10⁵ · (10⁵ · 2¹³ + 2²⁵): no overflow.
        let width = thetaDim + (withLogProb ? 1 : 0)
        let numbers = observations.entries.count * count * width
        let expected = "an answer of at most \(limits.numbers) numbers"
        guard numbers <= limits.numbers else {
            throw .mismatch(
                path: "num_samples",
                expected: expected,
                found: "\(observations.entries.count) × \(count) × \(width) = \(numbers)"
                    + " (observations × draws × numbers of a draw); ask for less at a time"
            )
        }
        guard output != .samples else { return }
        let summary = levels.numbers(thetaDim: thetaDim)
        guard observations.entries.count * summary <= limits.numbers else {
            throw .mismatch(
                path: "output",
                expected: expected,
                found: "\(observations.entries.count) × \(summary)"
                    + " (observations × numbers of a summary); ask for less at a time"
            )
        }
    }
}

extension SampleAnswer.Output {
    fileprivate init(_ field: JSONField) throws(JSONFieldError) {
        guard let output = try Self(rawValue: field.string()) else {
            throw field.mismatch("\"samples\", \"summary\" or \"both\"")
        }
        self = output
    }
}
