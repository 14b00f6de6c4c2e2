import ArgumentParser

/// A time of hours, minutes and seconds.
struct TimeSpan: ExpressibleByArgument {
    /// The time.
    let duration: Duration

    /// Reads numbers with the units h, m and s, each at most once and in this order.
    init?(argument: String) {
        var seconds = 0.0
        var rest = argument[...]
        for (unit, length) in [("h", 3600.0), ("m", 60.0), ("s", 1.0)] {
            guard let end = rest.firstIndex(of: Character(unit)) else { continue }
            guard rest[..<end].allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let number = Double(rest[..<end])
            else { return nil }
            seconds += number * length
            rest = rest[rest.index(after: end)...]
        }
        // A Duration holds far more; this bounds what was typed.
        guard rest.isEmpty, seconds > 0, seconds <= 1e9 else { return nil }
        duration = .seconds(seconds)
    }
}
