import NumericArrays
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
    ///   - array: The observations, where they are not in the document.
    ///   - xShape: What an observation of the model looks like.
    ///   - thetaDim: How many numbers a draw has.
    ///   - isTruncated: Whether draws are made by rejection, whose answers are not streamed.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        array: NumericArray? = nil,
        xShape: ObservationShape,
        thetaDim: Int,
        isTruncated: Bool,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(than: Self.names)
        observations = try ObservationList.find(
            fields,
            or: array,
            shape: xShape,
            limits: limits
        )
        seed = try fields.optional("seed")?.integer(in: Self.seeds)
        output = try fields.optional("output").map(SampleAnswer.Output.init) ?? .samples
        withLogProb = try fields.optional("log_prob")?.boolean() ?? false
        levels = try SummaryLevels(fields, output: output)
        let isStreamed = output == .samples && !isTruncated
        let draws = fields.optional("num_samples")
        let mostDraws = isStreamed ? limits.streamedDraws : limits.draws
        let mostNumbers = isStreamed ? limits.streamedNumbers : limits.numbers
        count = try draws?.integer(in: 1...mostDraws) ?? 1000
        // At most 10⁵ · (10⁷ · 2¹³ + 2²⁵): no overflow.
        let width = thetaDim + (withLogProb ? 1 : 0)
        let numbers = observations.count * count * width
        guard numbers <= mostNumbers else {
            throw .mismatch(
                path: "num_samples",
                expected: "an answer of at most \(mostNumbers) numbers",
                found: "\(observations.count) × \(count) × \(width) = \(numbers)"
                    + " (observations × draws × numbers of a draw); ask for less at a time"
            )
        }
        guard output != .samples else { return }
        let summary = levels.numbers(thetaDim: thetaDim)
        guard observations.count * summary <= limits.numbers else {
            throw .mismatch(
                path: "output",
                expected: "an answer of at most \(limits.numbers) numbers",
                found: "\(observations.count) × \(summary)"
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
