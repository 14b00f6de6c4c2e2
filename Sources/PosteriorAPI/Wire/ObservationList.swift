import StrictJSON

/// The observations of a request as they came: `observations`, or one as `observation`.
struct ObservationList {
    /// Whether they came as `observations`.
    let isBatch: Bool
    /// One value for each observation.
    let entries: [JSONValue]
    /// What an observation of the model looks like.
    let shape: ObservationShape

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
            entries = [single.value]
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
            entries = batch.value.elements
        }
    }

    /// The path of an observation in error messages.
    func path(_ index: Int) -> String {
        isBatch ? "observations[\(index)]" : "observation"
    }

    /// Appends the numbers of an observation, or nothing when they cannot be used.
    func append(_ index: Int, to values: inout [Float]) throws(APIError) {
        try shape.append(entries[index], to: &values) { path(index) }
    }

    /// The error of a lone observation, which is that of the whole request.
    static func throwIfAlone<Value>(_ slots: [Result<Value, APIError>]) throws(APIError) {
        if slots.count == 1, case .failure(let error) = slots[0] {
            throw error
        }
    }
}
