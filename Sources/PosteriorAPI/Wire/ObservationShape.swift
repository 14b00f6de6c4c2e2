import Estimators
import StrictJSON

/// What an observation of a model looks like in a request.
struct ObservationShape: Sendable, Equatable {
    /// The extent of each axis of x.
    let extents: [Int]
    /// Whether the first axis is that of trials, of which a request may send fewer.
    let hasTrials: Bool

    /// Describes the observations of a posterior.
    init(extents: [Int], of posterior: Posterior) {
        self.init(extents: extents, hasTrials: posterior.trialLimit != nil)
    }

    /// Describes observations by their axes.
    init(extents: [Int], hasTrials: Bool = false) {
        self.extents = extents
        self.hasTrials = hasTrials && extents.count > 1
    }

    /// What an observation is called in messages.
    var description: String {
        guard hasTrials else { return NumberArrayReader.describe(extents) }
        let trial = NumberArrayReader.describe(Array(extents.dropFirst()))
        return "a list of 1 to \(extents[0]) trials, each \(trial)"
    }

    /// Appends an observation's numbers, missing trials as NaN, or leaves `values` as it was and
    /// says what is wrong.
    func append(
        _ value: JSONValue,
        to values: inout [Float],
        path: () -> String
    ) throws(APIError) {
        guard hasTrials else {
            try NumberArrayReader.appendOrRestore(value, shape: extents, to: &values, path: path)
            return
        }
        let count = values.count
        do throws(NumberArrayReader.Problem) {
            try appendTrials(value, to: &values)
        } catch {
            values.removeLast(values.count - count)
            throw .invalidObservation(error.fieldError(in: path()))
        }
        let missing = extents.reduce(1, *) - (values.count - count)
        values += repeatElement(.nan, count: missing)
    }

    private func appendTrials(
        _ value: JSONValue,
        to values: inout [Float]
    ) throws(NumberArrayReader.Problem) {
        let trial = Array(extents.dropFirst())
        let width = trial.reduce(1, *)
        if value.isNumberArray, value.count % width == 0, value.count / width <= extents[0] {
            try NumberArrayReader.append(value, shape: [value.count], to: &values)
            return
        }
        guard value.kind == .array, !value.isNumberArray, (1...extents[0]).contains(value.count)
        else {
            throw NumberArrayReader.Problem(expected: description, found: value.summary)
        }
        for (index, element) in value.elements.enumerated() {
            do throws(NumberArrayReader.Problem) {
                try NumberArrayReader.append(element, shape: trial, to: &values)
            } catch {
                throw error.below(index)
            }
        }
    }

    /// How an array of observations is cut into them.
    struct Rows: Equatable {
        var count: Int
        /// Numbers of one observation, as many as x has, or those of fewer trials.
        var width: Int
        /// Whether the first axis counts observations.
        var isBatch: Bool
    }

    /// Reads the shape of an array: `[B, L]`, `[B]` and the axes of x, or one observation's, `[L]`
    /// or the axes of x; of trials there may be fewer.
    ///
    /// - Throws: `JSONFieldError` for any other shape, and for no observations.
    func rows(of array: [Int], path: String) throws(JSONFieldError) -> Rows {
        if let width = width(of: array[...]) { return Rows(count: 1, width: width, isBatch: false) }
        if let count = array.first, count > 0, let width = width(of: array.dropFirst()) {
            return Rows(count: count, width: width, isBatch: true)
        }
        let own = extents.map(String.init).joined(separator: ", ")
        throw .mismatch(
            path: path,
            expected: "an array of shape [B, \(own)]"
                + (extents.count > 1 ? " or [B, \(extents.reduce(1, *))]" : "")
                + (hasTrials ? ", or of fewer trials" : ""),
            found: "\(array)"
        )
    }

    /// The numbers of one observation of this shape; nil if it has another.
    private func width(of shape: ArraySlice<Int>) -> Int? {
        let full = extents.reduce(1, *)
        if Array(shape) == extents || Array(shape) == [full] { return full }
        guard hasTrials, let first = shape.first, first > 0 else { return nil }
        let trial = extents.dropFirst()
        let width = trial.reduce(1, *)
        if shape.dropFirst().elementsEqual(trial), first <= extents[0] { return first * width }
        guard shape.count == 1, first % width == 0, first < full else { return nil }
        return first
    }

    /// Appends an observation's numbers, missing trials as NaN, or nothing when one is not finite.
    func append(
        _ numbers: ArraySlice<Float>,
        to values: inout [Float],
        path: () -> String
    ) throws(APIError) {
        if let index = numbers.firstIndex(where: { !$0.isFinite }) {
            throw .invalidObservation(
                .mismatch(
                    path: "\(path())[\(index - numbers.startIndex)]",
                    expected: "a finite number within the range of float32",
                    found: "\(numbers[index])"
                )
            )
        }
        values += numbers
        values += repeatElement(.nan, count: extents.reduce(1, *) - numbers.count)
    }
}
