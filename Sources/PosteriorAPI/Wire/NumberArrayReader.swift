import StrictJSON

/// Reads arrays of numbers of a known shape, flat or nested.
enum NumberArrayReader {
    /// What is wrong, with the path below the array that was being read.
    struct Problem: Error {
        var path = ""
        var expected: String
        var found: String

        func fieldError(in parent: String) -> JSONFieldError {
            .mismatch(path: parent + path, expected: expected, found: found)
        }

        func below(_ index: Int) -> Problem {
            Problem(path: "[\(index)]\(path)", expected: expected, found: found)
        }
    }

    /// Appends an array's numbers in row-major order.
    ///
    /// - Parameters:
    ///   - value: An array nested as `shape` says, or flat with as many numbers.
    ///   - shape: The extent of each axis, at least one.
    ///   - values: Where the numbers go; after an error it holds some of them.
    /// - Throws: `Problem` for the first number that is wrong.
    static func append(
        _ value: JSONValue,
        shape: [Int],
        to values: inout [Float]
    ) throws(Problem) {
        let isFlat =
            shape.count == 1 || value.isNumberArray
            || value.elements.contains { $0.kind == .number }
        if isFlat && value.kind == .array && value.count == shape.reduce(1, *) {
            do throws(JSONValue.NumberProblem) {
                try value.appendFloats(to: &values)
            } catch {
                throw Problem(
                    path: "[\(error.index)]",
                    expected: "a number within the range of float32",
                    found: error.value.summary
                )
            }
            return
        }
        guard shape.count > 1, value.kind == .array, value.count == shape[0] else {
            throw Problem(expected: describe(shape), found: value.summary)
        }
        for (index, element) in value.elements.enumerated() {
            do throws(Problem) {
                try append(element, shape: Array(shape.dropFirst()), to: &values)
            } catch {
                throw error.below(index)
            }
        }
    }

    /// Appends an array's numbers, or leaves `values` as it was and says what is wrong.
    static func appendOrRestore(
        _ value: JSONValue,
        shape: [Int],
        to values: inout [Float],
        path: () -> String
    ) throws(APIError) {
        let count = values.count
        do throws(Problem) {
            try append(value, shape: shape, to: &values)
        } catch {
            values.removeLast(values.count - count)
            throw .invalidObservation(error.fieldError(in: path()))
        }
    }

    /// What an array of this shape is called in messages.
    static func describe(_ shape: [Int]) -> String {
        let count = shape.reduce(1, *)
        let noun = "a list of \(count) number\(count == 1 ? "" : "s")"
        guard shape.count > 1 else { return noun }
        return noun + ", flat or nested as " + shape.map(String.init).joined(separator: " × ")
    }
}
