/// The numbers of JSON: checked by the grammar, then rounded once to the type that is wanted.
///
/// *Rounding*: `Float` and `Double` values are the ones nearest to the decimal text, ties to even.
/// A `Float` is never made by rounding a rounded `Double`: see `float()`.
///
/// *Reference*: RFC 8259, section 6.
struct NumberLiteral {
    enum ScanResult {
        case success(end: Int)
        case failure(JSONError.Reason, offset: Int)
    }

    let isNegative: Bool
    /// The first 19 significant digits, as a whole number.
    let significand: UInt64
    /// The value is `significand` · 10^`exponent`, but for digits past the nineteenth.
    let exponent: Int
    /// Whether there are more than 19 significant digits.
    let isTruncated: Bool
    /// Where the text starts and ends.
    let start: Int
    let end: Int

    /// Whether a number may start with this byte.
    static func canStart(with byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-")
    }

    private static func isDigit(_ bytes: Span<UInt8>, _ position: Int) -> Bool {
        position < bytes.count && bytes[position] &- UInt8(ascii: "0") < 10
    }

    /// Checks a number that starts at `start` against the grammar.
    ///
    ///     number = [ "-" ] int [ "." 1*DIGIT ] [ ("e" / "E") [ "+" / "-" ] 1*DIGIT ]
    ///     int    = "0" / ( %x31-39 *DIGIT )
    static func scan(_ bytes: Span<UInt8>, from start: Int) -> ScanResult {
        var position = start
        if position < bytes.count && bytes[position] == UInt8(ascii: "-") {
            position += 1
        }
        guard isDigit(bytes, position) else { return missingDigit(bytes, position, start) }
        if bytes[position] == UInt8(ascii: "0") {
            position += 1
            if isDigit(bytes, position) {
                return .failure(.leadingZero, offset: start)
            }
        } else {
            position = skipDigits(bytes, position)
        }
        if position < bytes.count && bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard isDigit(bytes, position) else { return missingDigit(bytes, position, start) }
            position = skipDigits(bytes, position)
        }
        if position < bytes.count && bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count
                && (bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-"))
            {
                position += 1
            }
            guard isDigit(bytes, position) else { return missingDigit(bytes, position, start) }
            position = skipDigits(bytes, position)
        }
        return .success(end: position)
    }

    private static func skipDigits(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count && bytes[position] &- UInt8(ascii: "0") < 10 {
            position += 1
        }
        return position
    }

    private static func missingDigit(
        _ bytes: Span<UInt8>,
        _ position: Int,
        _ start: Int
    ) -> ScanResult {
        guard position < bytes.count else { return .failure(.unexpectedEnd, offset: position) }
        let byte = bytes[position]
        if byte == UInt8(ascii: "I") && position == start + 1 {
            return .failure(.nonFiniteLiteral, offset: start)
        }
        return .failure(.unexpectedByte(byte, expected: "a digit"), offset: position)
    }

    /// Reads a number that `scan` has accepted.
    init(_ bytes: Span<UInt8>, at start: Int) {
        var position = start
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative {
            position += 1
        }
        var significand: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isTruncated = false
        var isFraction = false
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            if digit < 10 {
                if digits < 19 {
                    // Below 10¹⁹ < 2⁶⁴, so neither step overflows.
                    significand = significand &* 10 &+ UInt64(digit)
                    if significand != 0 {
                        digits &+= 1
                    }
                    if isFraction {
                        exponent &-= 1
                    }
                } else {
                    isTruncated = isTruncated || digit != 0
                    if !isFraction {
                        exponent &+= 1
                    }
                }
            } else if bytes[position] == UInt8(ascii: ".") {
                isFraction = true
            } else {
                break
            }
            position += 1
        }
        if position < bytes.count && bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            var isExponentNegative = false
            if position < bytes.count
                && (bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+"))
            {
                isExponentNegative = bytes[position] == UInt8(ascii: "-")
                position += 1
            }
            var written = 0
            while position < bytes.count && bytes[position] &- UInt8(ascii: "0") < 10 {
                // Past 10¹² no number of digits in a text of 2³² bytes can bring it back.
                if written < 1_000_000_000_000 {
                    written = written &* 10 &+ Int(bytes[position] &- UInt8(ascii: "0"))
                }
                position += 1
            }
            exponent += isExponentNegative ? -written : written
        }
        self.isNegative = isNegative
        self.significand = significand
        self.exponent = exponent
        self.isTruncated = isTruncated
        self.start = start
        self.end = position
    }

    // MARK: Values

    /// The nearest `Float`; infinite when the number is out of range, zero when it is too small.
    ///
    /// Up to 19 digits times a power of ten are computed in `Double` with at most four roundings,
    /// so the result lies within 4 ulp (of `Double`) of the number. Unless a tie between two
    /// floats lies within 16 ulp, both round to the same `Float`; otherwise, and for subnormal
    /// floats, the exact text decides.
    func float(_ bytes: Span<UInt8>) -> Float {
        guard significand != 0 else { return isNegative ? -0.0 : 0 }
        // The significand is at least 1 and below 2⁶⁴ < 10²⁰.
        guard exponent < 40 else { return isNegative ? -.infinity : .infinity }
        guard exponent > -66 else { return isNegative ? -0.0 : 0 }
        let scaled =
            exponent < 0
            ? Double(significand) / powersOfTen[-exponent]
            : Double(significand) * powersOfTen[exponent]
        let distanceToTie = Int64(scaled.bitPattern & 0x1FFF_FFFF) - 0x1000_0000
        if distanceToTie.magnitude > 16 && scaled > 1.2e-38 && scaled < 3.4e38 {
            let value = Float(scaled)
            return isNegative ? -value : value
        }
        return Float(exactText(bytes)) ?? .infinity
    }

    /// The nearest `Double`; infinite when the number is out of range, zero when it is too small.
    func double(_ bytes: Span<UInt8>) -> Double {
        guard significand != 0 else { return isNegative ? -0.0 : 0 }
        // Both operands are exact, so the one rounding is that of the product or quotient.
        if significand <= 1 << 53 && exponent.magnitude <= 22 && !isTruncated {
            let value =
                exponent < 0
                ? Double(significand) / powersOfTen[-exponent]
                : Double(significand) * powersOfTen[exponent]
            return isNegative ? -value : value
        }
        return Double(exactText(bytes)) ?? .infinity
    }

    /// The number as a whole number of type `Integer`, or nil when it is not one or does not fit.
    ///
    /// `1000`, `1e3` and `1000.0` are the same number; digits are read exactly.
    func integer<Integer: FixedWidthInteger>(_ bytes: Span<UInt8>) -> Integer? {
        var magnitude = significand
        var power = exponent
        if isTruncated {
            // Twenty plain digits may still fit 64 bits.
            guard let whole = plainMagnitude(bytes) else { return nil }
            (magnitude, power) = (whole, 0)
        }
        guard magnitude != 0 else { return 0 }
        guard power >= -19 && power <= 19 else { return nil }
        for _ in 0..<power.magnitude {
            if power < 0 {
                guard magnitude.isMultiple(of: 10) else { return nil }
                magnitude /= 10
            } else {
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
                magnitude = product
            }
        }
        guard isNegative else { return Integer(exactly: magnitude) }
        guard magnitude <= 1 << 63 else { return nil }
        return Integer(exactly: 0 &- Int64(truncatingIfNeeded: magnitude))
    }

    /// The digits as they stand, when there is nothing else and they fit.
    private func plainMagnitude(_ bytes: Span<UInt8>) -> UInt64? {
        var magnitude: UInt64 = 0
        for position in (isNegative ? start + 1 : start)..<end {
            let digit = bytes[position] &- UInt8(ascii: "0")
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard digit < 10, !overflow, !carry else { return nil }
            magnitude = sum
        }
        return magnitude
    }

    /// The same number in at most 820 bytes: no tie of `Double` has more than 767 digits, so
    /// past 800 it only matters whether anything but zeros follows.
    private func exactText(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        var digits = 0
        var hasMore = false
        for position in start..<end {
            guard bytes[position] | 0x20 != UInt8(ascii: "e") else { break }
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10, digit != 0 || digits > 0 else { continue }
            if digits < 800 {
                text.append(bytes[position])
                digits += 1
            } else {
                hasMore = hasMore || digit != 0
            }
        }
        let kept = digits + (hasMore ? 1 : 0)
        if hasMore {
            text.append(UInt8(ascii: "1"))
        }
        // `exponent` belongs to the first 19 digits; the text has kept more of them.
        let scale = exponent - (kept - min(digits, 19))
        text.append(UInt8(ascii: "e"))
        text.append(contentsOf: String(max(-9999, min(9999, scale))).utf8)
        return String(decoding: text, as: UTF8.self)
    }
}
