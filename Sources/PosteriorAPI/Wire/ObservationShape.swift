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
}
