import NumericArrays
import StrictJSON

/// The observations of a request as they came: `observations`, one as `observation`, or an array.
struct ObservationList {
    /// Whether they came as `observations`.
    let isBatch: Bool
    /// One for each observation.
    private let entries: [Entry]
    /// What an observation of the model looks like.
    let shape: ObservationShape

    /// An observation as it came.
    private enum Entry {
        case json(JSONValue)
        case numbers(ArraySlice<Float>)
    }

    /// How many there are.
    var count: Int { entries.count }
    /// The place of each.
    var indices: Range<Int> { entries.indices }

    /// Takes the rows of an array, `[B, L]` or nested as the model's x is, or one observation.
    init(
        _ array: NumericArray,
        shape: ObservationShape,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        self.shape = shape
        let rows = try shape.rows(of: array.shape, path: "body")
        guard rows.count <= limits.observations else {
            throw .mismatch(
                path: "body",
                expected: "at most \(limits.observations) observations",
                found: "\(rows.count)"
            )
        }
        isBatch = rows.isBatch
        entries = (0..<rows.count).map { row in
            .numbers(array.values[row * rows.width..<(row + 1) * rows.width])
        }
    }

    /// Finds the observations in an array, where there is one, else in the fields.
    static func find(
        _ fields: JSONFields,
        or array: NumericArray?,
        shape: ObservationShape,
        limits: ServiceLimits
    ) throws(JSONFieldError) -> ObservationList {
        guard let array else { return try ObservationList(fields, shape: shape, limits: limits) }
        for name in ["observations", "observation"] {
            guard let field = fields.optional(name) else { continue }
            throw field.mismatch("nothing, since the body holds the observations")
        }
        return try ObservationList(array, shape: shape, limits: limits)
    }

    /// Finds the observations; exactly one of the two fields must be there.
    init(
        _ fields: JSONFields,
        shape: ObservationShape,
        limits: ServiceLimits
    ) throws(JSONFieldError) {
        self.shape = shape
        var expected: String {
            "a list of observations, each \(shape.description)"
        }
        switch (fields.optional("observations"), fields.optional("observation")) {
        case (.some, .some(let single)):
            throw single.mismatch("either observation or observations, not both")
        case (nil, nil):
            throw .missing(path: "observations", expected: expected)
        case (nil, .some(let single)):
            isBatch = false
            entries = [.json(single.value)]
        case (.some(let batch), nil):
            guard batch.value.kind == .array, batch.value.count > 0 else {
                throw batch.mismatch(expected)
            }
            guard !batch.value.isNumberArray else {
                throw .mismatch(
                    path: batch.path,
                    expected: expected,
                    found: "a list of numbers; a single one is sent as \"observation\""
                )
            }
            guard batch.value.count <= limits.observations else {
                throw batch.mismatch("at most \(limits.observations) observations")
            }
            isBatch = true
            entries = batch.value.elements.map(Entry.json)
        }
    }

    /// The path of an observation in error messages.
    func path(_ index: Int) -> String {
        isBatch ? "observations[\(index)]" : "observation"
    }

    /// Appends the numbers of an observation, or nothing when they cannot be used.
    func append(_ index: Int, to values: inout [Float]) throws(APIError) {
        switch entries[index] {
        case .json(let value): try shape.append(value, to: &values) { path(index) }
        case .numbers(let numbers):
            try shape.append(numbers, to: &values) { path(index) }
        }
    }

    /// The error of a lone observation, which is that of the whole request.
    static func throwIfAlone<Value>(_ slots: [Result<Value, APIError>]) throws(APIError) {
        if slots.count == 1, case .failure(let error) = slots[0] {
            throw error
        }
    }

    /// Writes numbers nested as an observation that was posted is; what was not posted, as missing
    /// trials were not, is left out.
    func write(_ values: [Float], as index: Int, to writer: inout JSONWriter) {
        switch entries[index] {
        case .json(let value): writer.numbers(values, as: value)
        case .numbers(let numbers): writer.numbers(values.span.extracting(0..<numbers.count))
        }
    }

    /// How many numbers an observation came with: the first of x, in order.
    func numberCount(_ index: Int) -> Int {
        switch entries[index] {
        case .json(let value): Self.numberCount(value)
        case .numbers(let numbers): numbers.count
        }
    }

    private static func numberCount(_ value: JSONValue) -> Int {
        value.isNumberArray ? value.count : value.elements.reduce(0) { $0 + numberCount($1) }
    }
}
