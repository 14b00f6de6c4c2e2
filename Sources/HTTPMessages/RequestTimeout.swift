/// How long a client says it waits: seconds, with at most three decimals.
///
///     X-Request-Timeout = 1*9DIGIT [ "." 1*3DIGIT ]
///
/// No standard has the field; several servers and proxies read one like it.
enum RequestTimeout {
    /// The duration; nil for anything else and for zero.
    static func duration(_ value: Span<UInt8>) -> Duration? {
        var milliseconds: Int64 = 0
        var index = 0
        while index < value.count, HTTPGrammar.isDigit(value[index]) {
            milliseconds = milliseconds * 10 + Int64(value[index] - UInt8(ascii: "0"))
            index += 1
            guard index <= 9 else { return nil }
        }
        guard index > 0 else { return nil }
        let decimals = value.count - index - 1
        if decimals >= 0 {
            guard value[index] == UInt8(ascii: "."), (1...3).contains(decimals) else { return nil }
            index += 1
        }
        for place in 0..<3 {
            milliseconds *= 10
            guard place < decimals else { continue }
            guard HTTPGrammar.isDigit(value[index]) else { return nil }
            milliseconds += Int64(value[index] - UInt8(ascii: "0"))
            index += 1
        }
        return milliseconds > 0 ? .milliseconds(milliseconds) : nil
    }
}
