/// |a − b| ≤ absolute + relative · |b|; equal infinities and two NaN are close.
public func isClose(
    _ a: Double,
    _ b: Double,
    absolute: Double = 0,
    relative: Double = 0
) -> Bool {
    if a == b || (a.isNaN && b.isNaN) { return true }
    return abs(a - b) <= absolute + relative * abs(b)
}

/// The distance of a result from the exact value in units in the last place of the exact value.
///
/// Two NaN, and an infinity where the exact value rounds to it, are at distance zero.
public func ulpError(_ result: Float, exact: Double) -> Double {
    let rounded = Float(exact)
    if result == rounded || (result.isNaN && exact.isNaN) { return 0 }
    guard result.isFinite, rounded.isFinite else { return .infinity }
    let ulp = max(Double(rounded.magnitude.ulp), Double(Float.leastNonzeroMagnitude))
    return abs(Double(result) - exact) / ulp
}

/// The greatest |a − b| of two lists, infinite where one is NaN or the lengths differ.
public func greatestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}
