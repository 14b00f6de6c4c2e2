import NumericArrays
import StrictJSON

/// An input of an inference request, in single precision.
enum InferenceTensor {
    /// Reads an input's `shape`, `datatype` and data.
    ///
    /// - Parameters:
    ///   - input: The object of the input.
    ///   - name: Its name, for error messages.
    ///   - binary: What is left of the binary part of the body, from which its bytes are taken.
    ///   - mostNumbers: The most elements to accept.
    /// - Returns: Its shape and its numbers.
    /// - Throws: `APIError` for what breaks a rule of the protocol, and for what is not finite.
    static func read(
        _ input: JSONFields,
        name: String,
        binary: inout ArraySlice<UInt8>,
        mostNumbers: Int
    ) throws(APIError) -> NumericArray {
        do throws(JSONFieldError) {
            let shape = try input.required("shape", expected: "a list of extents")
                .integers(in: 0...Int(Int32.max))
            let typeField = try input.required("datatype", expected: "a datatype such as \"FP32\"")
            guard let type = try TensorType(rawValue: typeField.string()), let size = type.size
            else { throw typeField.mismatch("a datatype of numbers, such as \"FP32\"") }
            let count = try count(of: shape, name, mostNumbers)
            let parameters = try input.optional("parameters")?.object()
            let values: [Float]
            if let field = parameters?.optional("binary_data_size") {
                if let data = input.optional("data") {
                    throw data.mismatch("no data beside binary_data_size")
                }
                let byteCount = try field.integer(in: 0...Int.max)
                guard byteCount == count * size else {
                    throw field.mismatch("\(count * size), for \(shape) of \(type.rawValue)")
                }
                guard byteCount <= binary.count else {
                    throw field.mismatch("at most the \(binary.count) bytes that are left")
                }
                values = type.floats(binary.prefix(byteCount))
                binary = binary.dropFirst(byteCount)
            } else {
                let data = try input.required("data", expected: "a list of numbers")
                values = try read(data, shape, type, count)
            }
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .mismatch(
                    path: "input \(name)",
                    expected: "finite numbers within the range of float32",
                    found: "\(values[index]) at element \(index)"
                )
            }
            return NumericArray(shape: shape, values: values)
        } catch {
            throw .invalidField(error)
        }
    }

    private static func count(
        of shape: [Int],
        _ name: String,
        _ limit: Int
    ) throws(JSONFieldError) -> Int {
        var count = 1
        for extent in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            guard !overflows, product <= limit, shape.count <= 32 else {
                throw .mismatch(
                    path: "input \(name)",
                    expected: "a shape of at most \(limit) elements",
                    found: "\(shape.prefix(32))"
                )
            }
            count = product
        }
        return count
    }

    /// Reads data that are flat or nested as the shape says.
    private static func read(
        _ data: JSONField,
        _ shape: [Int],
        _ type: TensorType,
        _ count: Int
    ) throws(JSONFieldError) -> [Float] {
        guard type != .fp16, type != .bf16 else {
            throw data.mismatch("binary data, the only form of \(type.rawValue)")
        }
        var values: [Float] = []
        if count == 0, data.value.kind == .array, data.value.count == 0 { return values }
        if let bounds = type.integers { try checkIntegers(data, within: bounds, type) }
        do throws(NumberArrayReader.Problem) {
            try NumberArrayReader.append(
                data.value,
                shape: shape.isEmpty ? [1] : shape,
                to: &values
            )
        } catch {
            throw error.fieldError(in: data.path)
        }
        return values
    }

    /// Refuses numbers that an integer type does not hold; they are read exactly.
    private static func checkIntegers(
        _ data: JSONField,
        within bounds: (least: Int64, most: UInt64),
        _ type: TensorType
    ) throws(JSONFieldError) {
        guard data.value.kind == .array else {
            if let number: Int64 = data.value.integer() {
                if number >= bounds.least, number < 0 || UInt64(number) <= bounds.most { return }
            } else if let number: UInt64 = data.value.integer(), number <= bounds.most {
                return
            }
            throw data.mismatch("a number of type \(type.rawValue)")
        }
        for element in try data.elements() {
            try checkIntegers(element, within: bounds, type)
        }
    }
}
