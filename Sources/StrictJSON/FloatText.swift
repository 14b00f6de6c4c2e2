/// The text of a `Float`: the fewest digits that read back to the same value.
///
/// Between 10⁻⁴ and 10⁹ in plain notation, `0.001`, `12.5`, `3.0`; beyond in scientific notation,
/// `1.5e-7`, `1e20`. A value that is not finite becomes `null`.
///
/// Digits are made eight at a time in one register and stored whole, past the end of the text;
/// what comes next overwrites the rest.
enum FloatText {
    /// No text is longer, a comma after it and the stores past its end included.
    static let maximumBytes = 20

    /// Writes the text of a value.
    ///
    /// - Parameters:
    ///   - value: What to write.
    ///   - powers: `ShortestDecimal.powersOfTen`.
    ///   - bytes: Where to; at least `maximumBytes` must follow `start`.
    ///   - start: The index of the first byte to write.
    /// - Returns: The index after the last byte of the text.
    @inline(__always)
    static func write(
        _ value: Float,
        powers: Span<UInt64>,
        to bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> Int {
        guard value.isFinite else {
            storeWord(0x6C6C_756E, to: &bytes, at: start)
            return start &+ 4
        }
        // A minus that is not needed is overwritten.
        storeWord(UInt64(UInt8(ascii: "-")), to: &bytes, at: start)
        let position = start &+ Int(value.bitPattern >> 31)
        guard value != 0 else {
            storeWord(0x302E30, to: &bytes, at: position)
            return position &+ 3
        }
        let digits = Digits(ShortestDecimal(magnitudeOf: value, powers: powers))
        // The value is 0.digits · 10^point.
        let point = digits.point
        guard point >= -3 && point <= 8 else {
            return point == 9
                ? writeNineDigits(digits, to: &bytes, at: position)
                : writeScientific(digits, to: &bytes, at: position)
        }
        // One layout, without a branch, for d.dd, ddd000.0 and 0.000ddd: zeros, the digits, and
        // once more those behind the point, one place further.
        let zeros = max(0, 1 &- point)
        let whole = max(1, point)
        storeWord(0x3030_3030_3030_3030, to: &bytes, at: position)
        storeWord(digits.first, to: &bytes, at: position &+ (zeros > 0 ? zeros &+ 1 : 0))
        storeWord(
            digits.first >> UInt64(zeros > 0 ? 0 : 8 &* whole),
            to: &bytes,
            at: position &+ zeros &+ whole &+ (zeros > 0 ? 0 : 1)
        )
        storeByte(digits.last, to: &bytes, at: position &+ 9 &+ zeros)
        storeByte(UInt8(ascii: "."), to: &bytes, at: position &+ whole)
        return position &+ zeros &+ max(digits.count, zeros > 0 ? 0 : whole &+ 1) &+ 1
    }

    private static func writeNineDigits(
        _ digits: Digits,
        to bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> Int {
        storeWord(digits.first, to: &bytes, at: start)
        storeByte(digits.last, to: &bytes, at: start + 8)
        storeByte(UInt8(ascii: "."), to: &bytes, at: start + 9)
        storeByte(UInt8(ascii: "0"), to: &bytes, at: start + 10)
        return start + 11
    }

    private static func writeScientific(
        _ digits: Digits,
        to bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> Int {
        let exponent = digits.point - 1
        storeWord(digits.first, to: &bytes, at: start)
        storeWord(digits.first >> 8, to: &bytes, at: start + 2)
        storeByte(UInt8(ascii: "."), to: &bytes, at: start + 1)
        storeByte(digits.last, to: &bytes, at: start + 9)
        var position = start + (digits.count > 1 ? digits.count + 1 : 1)
        storeByte(UInt8(ascii: "e"), to: &bytes, at: position)
        position += 1
        if exponent < 0 {
            storeByte(UInt8(ascii: "-"), to: &bytes, at: position)
            position += 1
        }
        let magnitude = UInt8(exponent.magnitude)
        if magnitude >= 10 {
            storeByte(UInt8(ascii: "0") + magnitude / 10, to: &bytes, at: position)
            position += 1
        }
        storeByte(UInt8(ascii: "0") + magnitude % 10, to: &bytes, at: position)
        return position + 1
    }

    /// Eight bytes, the lowest first; the compiler makes one check and one store of them.
    @inline(__always)
    private static func storeWord(
        _ word: UInt64,
        to bytes: inout MutableSpan<UInt8>,
        at position: Int
    ) {
        precondition(position >= 0 && position <= bytes.count &- 8, "no room for a word")
        bytes[position &+ 0] = UInt8(truncatingIfNeeded: word)
        bytes[position &+ 1] = UInt8(truncatingIfNeeded: word >> 8)
        bytes[position &+ 2] = UInt8(truncatingIfNeeded: word >> 16)
        bytes[position &+ 3] = UInt8(truncatingIfNeeded: word >> 24)
        bytes[position &+ 4] = UInt8(truncatingIfNeeded: word >> 32)
        bytes[position &+ 5] = UInt8(truncatingIfNeeded: word >> 40)
        bytes[position &+ 6] = UInt8(truncatingIfNeeded: word >> 48)
        bytes[position &+ 7] = UInt8(truncatingIfNeeded: word >> 56)
    }

    @inline(__always)
    private static func storeByte(
        _ byte: UInt8,
        to bytes: inout MutableSpan<UInt8>,
        at position: Int
    ) {
        bytes[position] = byte
    }
}

/// The digits of a decimal as ASCII, nine of them, zeros at the end where there are fewer.
private struct Digits {
    /// The first eight, the foremost in the lowest byte.
    let first: UInt64
    /// The ninth.
    let last: UInt8
    /// How many there are without the zeros at the end.
    let count: Int
    /// Where the decimal point is, counted from before the first digit.
    let point: Int

    /// Lays out the digits of a decimal that is not zero.
    @inline(__always)
    init(_ decimal: ShortestDecimal) {
        var number = decimal.digits
        var point = decimal.exponent &+ 9
        if number < 100_000 {
            number &*= 10_000
            point &-= 4
        }
        if number < 1_000_000 {
            number &*= 1000
            point &-= 3
        }
        if number < 10_000_000 {
            number &*= 100
            point &-= 2
        }
        if number < 100_000_000 {
            number &*= 10
            point &-= 1
        }
        let values = Self.eightDigits(number / 10)
        let ninth = number % 10
        first = values | 0x3030_3030_3030_3030
        last = UInt8(ascii: "0") | UInt8(truncatingIfNeeded: ninth)
        count = ninth != 0 ? 9 : 8 - values.leadingZeroBitCount / 8
        self.point = point
    }

    /// The eight digits of a number below 10⁸, one a byte: halves, then quarters, then digits.
    @inline(__always)
    private static func eightDigits(_ number: UInt32) -> UInt64 {
        let high = UInt64(number / 10_000)
        let low = UInt64(number % 10_000)
        let fours = high | low << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let twos = (fours &- 100 &* hundreds) << 16 | hundreds
        let tens = ((twos &* 103) >> 10) & 0x000F_000F_000F_000F
        return (twos &- 10 &* tens) << 8 | tens
    }
}
