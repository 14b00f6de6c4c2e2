import NumericArrays

/// A datatype of the Open Inference Protocol, section "Tensor Data Types".
enum TensorType: String, CaseIterable {
    case bool = "BOOL"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case fp16 = "FP16"
    case bf16 = "BF16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    case bytes = "BYTES"

    /// Bytes of one element; nil for those that are no numbers.
    var size: Int? {
        switch self {
        case .bool, .bytes: nil
        case .uint8, .int8: 1
        case .uint16, .int16, .fp16, .bf16: 2
        case .uint32, .int32, .fp32: 4
        case .uint64, .int64, .fp64: 8
        }
    }

    /// The numbers of little-endian elements, in single precision.
    func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        let type: NumberType
        switch self {
        case .bool, .bytes: return []
        case .bf16:
            return stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { place in
                Float(bitPattern: UInt32(bytes[place]) << 16 | UInt32(bytes[place + 1]) << 24)
            }
        case .uint8: type = .uint8
        case .uint16: type = .uint16
        case .uint32: type = .uint32
        case .uint64: type = .uint64
        case .int8: type = .int8
        case .int16: type = .int16
        case .int32: type = .int32
        case .int64: type = .int64
        case .fp16: type = .float16
        case .fp32: type = .float32
        case .fp64: type = .float64
        }
        return type.floats(bytes, isBigEndian: false)
    }

    /// The integers it holds; nil for what is no integer.
    var integers: (least: Int64, most: UInt64)? {
        switch self {
        case .uint8: (0, UInt64(UInt8.max))
        case .uint16: (0, UInt64(UInt16.max))
        case .uint32: (0, UInt64(UInt32.max))
        case .uint64: (0, .max)
        case .int8: (Int64(Int8.min), UInt64(Int8.max))
        case .int16: (Int64(Int16.min), UInt64(Int16.max))
        case .int32: (Int64(Int32.min), UInt64(Int32.max))
        case .int64: (.min, UInt64(Int64.max))
        default: nil
        }
    }
}
