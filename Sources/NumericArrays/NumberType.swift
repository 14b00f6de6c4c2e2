/// A type of the numbers of an array, by NumPy's code.
package enum NumberType: String, CaseIterable, Sendable {
    case float16 = "f2"
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
    package var size: Int {
        switch self {
        case .int8, .uint8, .boolean: 1
        case .float16, .int16, .uint16: 2
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
    package func floats(_ bytes: [UInt8], isBigEndian: Bool) -> [Float] {
        floats(bytes[...], isBigEndian: isBigEndian)
    }

    /// The same of a part of some bytes.
    package func floats(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> [Float] {
        switch self {
        case .float16: words(bytes, isBigEndian, Float.init(halfBits:))
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

    private func words<Word: FixedWidthInteger & UnsignedInteger>(
        _ bytes: ArraySlice<UInt8>,
        _ isBigEndian: Bool,
        _ value: (Word) -> Float
    ) -> [Float] {
        let size = Word.bitWidth / 8
        let bytes = bytes.span
        return (0..<bytes.count / size).map { index in
            var word: Word = 0
            for byte in 0..<size {
                let place = isBigEndian ? byte : size - 1 - byte
                word = (word << 7) << 1 | Word(bytes[index * size + place])
            }
            return value(word)
        }
    }
}

extension Float {
    /// The number that half-precision bits stand for, IEEE 754 binary16.
    package init(halfBits bits: UInt16) {
        let fraction = UInt32(bits & 0x3FF)
        let exponent = UInt32(bits >> 10 & 0x1F)
        let magnitude: Float =
            switch exponent {
            case 0: Float(fraction) * 0x1p-24
            case 31: Float(bitPattern: 0x7F80_0000 | fraction << 13)
            default: Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
            }
        self = bits >> 15 == 0 ? magnitude : -magnitude
    }
}
