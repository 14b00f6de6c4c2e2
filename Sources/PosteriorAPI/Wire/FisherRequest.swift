import Estimators
import NumericArrays
import StrictJSON

/// The body of `POST …/fisher`.
struct FisherRequest {
    /// The most entries of x, squared, that a matrix is made for.
    private static let widestMatrix = 512

    let observations: ObservationList
    /// Draws from the posterior of each observation.
    let count: Int
    let seed: UInt64?
    /// Whether the matrix is wanted.
    let withMatrix: Bool

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: The document.
    ///   - array: The observations, where they are not in the document.
    ///   - model: Whom it is for.
    ///   - limits: How much may be asked for.
    /// - Throws: `JSONFieldError` naming the first field that is wrong.
    init(
        _ body: JSONValue,
        array: NumericArray? = nil,
        _ model: ModelCatalog.Entry,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        let fields = try JSONField(body, path: "").object()
        try fields.refuseOthers(
            than: ["observations", "observation", "num_samples", "seed", "matrix"]
        )
        observations = try ObservationList.find(
            fields,
            or: array,
            shape: model.xShape,
            limits: limits
        )
        count =
            try fields.optional("num_samples")?.integer(in: 2...limits.draws)
            ?? min(1000, limits.draws)
        seed = try fields.optional("seed")?.integer(in: SampleRequest.seeds)
        try limits.checkNumbers("num_samples", rows: count, width: model.scoreWidth)
        try limits.checkEvaluations(
            "num_samples",
            "draws",
            count,
            observations: observations.count
        )
        let matrix = fields.optional("matrix")
        withMatrix = try matrix?.boolean() ?? false
        guard withMatrix, let matrix else { return }
        let width = model.posterior.xDim
        guard width <= Self.widestMatrix else {
            throw .mismatch(
                path: matrix.path,
                expected: "false, since matrices have at most \(Self.widestMatrix) rows",
                found: "true for \(width) entries of x"
            )
        }
        let numbers = observations.count * width * width
        guard numbers <= limits.numbers else {
            throw .mismatch(
                path: matrix.path,
                expected: "an answer of at most \(limits.numbers) numbers",
                found: "\(observations.count) × \(width) × \(width) = \(numbers)"
                    + "; ask for less at a time"
            )
        }
    }
}
