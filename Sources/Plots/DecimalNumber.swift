/// n · 10ᵉ: what a tick stands for, and its text.
struct DecimalNumber: Equatable {
    /// n.
    let digits: Int
    /// e.
    let exponent: Int

    /// Its value, rounded once or twice.
    var value: Double {
        exponent < 0
            ? Double(digits) / Self.power(-exponent) : Double(digits) * Self.power(exponent)
    }

    /// Its text: plain from 0.0001 to 999999, and with an exponent beyond.
    var description: String {
        guard digits != 0 else { return "0" }
        var digits = digits
        var exponent = exponent
        while digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
        let sign = digits < 0 ? "−" : ""
        let text = String(digits.magnitude)
        let leading = text.count + exponent
        if exponent >= 0, leading <= 6 {
            return sign + text + String(repeating: "0", count: exponent)
        }
        if exponent < 0, leading > 0 {
            return sign + text.prefix(leading) + "." + text.dropFirst(leading)
        }
        if exponent < 0, leading > -4 {
            return sign + "0." + String(repeating: "0", count: -leading) + text
        }
        let fraction = text.count > 1 ? ".\(text.dropFirst())" : ""
        return "\(sign)\(text.prefix(1))\(fraction)e\(leading - 1)".replacingMinus
    }

    /// 10 to a power from 0 up.
    private static func power(_ exponent: Int) -> Double {
        (0..<exponent).reduce(1.0) { power, _ in power * 10 }
    }
}

extension String {
    /// With the typographic minus sign in place of the hyphen.
    fileprivate var replacingMinus: String { String(map { $0 == "-" ? "−" : $0 }) }
}
