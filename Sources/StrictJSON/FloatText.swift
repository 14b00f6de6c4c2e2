/// The text of a `Float`: the fewest digits that read back to the same value.
///
/// Between 10⁻⁴ and 10⁹ in plain notation, `0.001`, `12.5`, `3.0`; beyond in scientific notation,
/// `1.5e-7`, `1e20`. A value that is not finite becomes `null`.
enum FloatText {
    /// No text is longer than this, a comma after it included: `-1.17549435e-38`, `-100000000.0`.
    static let maximumBytes = 18

    /// Writes the text of a value.
    ///
    /// - Parameters:
    ///   - value: What to write.
    ///   - bytes: Where to; at least `maximumBytes` must follow `start`.
    ///   - start: The index of the first byte to write.
    /// - Returns: The index after the last byte written.
    static func write(_ value: Float, to bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        var position = start
        guard value.isFinite else {
            for byte in [
                UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "l"), UInt8(ascii: "l"),
            ] {
                bytes[position] = byte
                position += 1
            }
            return position
        }
        if value.sign == .minus {
            bytes[position] = UInt8(ascii: "-")
            position += 1
        }
        let decimal = ShortestDecimal(magnitudeOf: value)
        let length = digitCount(decimal.digits)
        // The value is 0.digits · 10^point.
        let point = length + decimal.exponent
        if point > 9 || point < -3 {
            return writeScientific(decimal, length: length, to: &bytes, at: position)
        }
        if point <= 0 {
            // 0.000ddd
            for offset in 0..<2 - point {
                bytes[position + offset] = UInt8(ascii: "0")
            }
            bytes[position + 1] = UInt8(ascii: ".")
            position += 2 - point
            writeDigits(decimal.digits, count: length, to: &bytes, at: position)
            return position + length
        }
        if point >= length {
            // ddd000.0
            writeDigits(decimal.digits, count: length, to: &bytes, at: position)
            for offset in length..<point {
                bytes[position + offset] = UInt8(ascii: "0")
            }
            bytes[position + point] = UInt8(ascii: ".")
            bytes[position + point + 1] = UInt8(ascii: "0")
            return position + point + 2
        }
        // d.dd: all digits one place to the right, then those before the point moved back.
        writeDigits(decimal.digits, count: length, to: &bytes, at: position + 1)
        for offset in 0..<point {
            bytes[position + offset] = bytes[position + offset + 1]
        }
        bytes[position + point] = UInt8(ascii: ".")
        return position + length + 1
    }

    private static func writeScientific(
        _ decimal: ShortestDecimal,
        length: Int,
        to bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> Int {
        let exponent = length + decimal.exponent - 1
        var position = start
        writeDigits(decimal.digits, count: length, to: &bytes, at: position + 1)
        bytes[position] = bytes[position + 1]
        position += 1
        if length > 1 {
            bytes[position] = UInt8(ascii: ".")
            position += length
        }
        bytes[position] = UInt8(ascii: "e")
        position += 1
        if exponent < 0 {
            bytes[position] = UInt8(ascii: "-")
            position += 1
        }
        let magnitude = UInt32(exponent.magnitude)
        let count = digitCount(magnitude)
        writeDigits(magnitude, count: count, to: &bytes, at: position)
        return position + count
    }

    private static func writeDigits(
        _ digits: UInt32,
        count: Int,
        to bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) {
        var rest = digits
        var position = start + count
        while position > start {
            position -= 1
            bytes[position] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private static func digitCount(_ value: UInt32) -> Int {
        if value < 10 { return 1 }
        if value < 100 { return 2 }
        if value < 1000 { return 3 }
        if value < 10_000 { return 4 }
        if value < 100_000 { return 5 }
        if value < 1_000_000 { return 6 }
        if value < 10_000_000 { return 7 }
        if value < 100_000_000 { return 8 }
        return value < 1_000_000_000 ? 9 : 10
    }
}
