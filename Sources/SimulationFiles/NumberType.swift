/// A type of the numbers of an array, by NumPy's code.
enum NumberType: String, CaseIterable, Sendable {
    case float32 = "f4"
    case float64 = "f8"
    case int8 = "i1"
    case int16 = "i2"
    case int32 = "i4"
    case int64 = "i8"
    case uint8 = "u1"
    case uint16 = "u2"
    case uint32 = "u4"
    case uint64 = "u8"
    case boolean = "b1"

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .int8, .uint8, .boolean: 1
        case .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// The numbers that bytes stand for, rounded to single precision.
    ///
    /// *Edge cases*: beyond its range infinite; true is 1, whatever its byte.
    ///
    /// - Parameters:
    ///   - bytes: Whole numbers of this type.
    ///   - isBigEndian: Whether the highest byte comes first.
    /// - Returns: As many numbers as there are.
    func floats(_ bytes: [UInt8], isBigEndian: Bool) -> [Float] {
        switch self {
        case .float32:
            words(bytes, isBigEndian) { (word: UInt32) in Float(bitPattern: word) }
        case .float64:
            words(bytes, isBigEndian) { (word: UInt64) in Float(Double(bitPattern: word)) }
        case .int8: words(bytes, isBigEndian) { (word: UInt8) in Float(Int8(bitPattern: word)) }
        case .int16: words(bytes, isBigEndian) { (word: UInt16) in Float(Int16(bitPattern: word)) }
        case .int32: words(bytes, isBigEndian) { (word: UInt32) in Float(Int32(bitPattern: word)) }
        case .int64: words(bytes, isBigEndian) { (word: UInt64) in Float(Int64(bitPattern: word)) }
        case .uint8: words(bytes, isBigEndian) { (word: UInt8) in Float(word) }
        case .uint16: words(bytes, isBigEndian) { (word: UInt16) in Float(word) }
        case .uint32: words(bytes, isBigEndian) { (word: UInt32) in Float(word) }
        case .uint64: words(bytes, isBigEndian) { (word: UInt64) in Float(word) }
        case .boolean: words(bytes, isBigEndian) { (word: UInt8) in word == 0 ? 0 : 1 }
        }
    }

    private func words<Word: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: [UInt8],
        _ isBigEndian: Bool,
        _ value: (Word) -> Float
    ) -> [Float] {
        let size = MemoryLayout<Word>.size
        let count = bytes.count / size
        return unsafe bytes.withUnsafeBytes { buffer in
            (0..<count).map { index in
                let word = unsafe buffer.loadUnaligned(fromByteOffset: index * size, as: Word.self)
                return value(isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word))
            }
        }
    }
}
