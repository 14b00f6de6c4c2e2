#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One of the two axes of a chart.
public struct Axis: Sendable, Equatable {
    /// How values become places.
    public enum Scale: Sendable, Equatable {
        /// Equal differences are equally long.
        case linear
        /// Equal factors are equally long; values that are not positive are left out.
        case logarithmic
    }

    /// What is written along the axis.
    public var label: String
    /// How values become places.
    public var scale: Scale
    /// What the axis shows at least and at most; nil takes all that the series hold.
    public var range: ClosedRange<Double>?

    /// Makes an axis.
    ///
    /// - Parameters:
    ///   - label: What is written along it.
    ///   - scale: How values become places.
    ///   - range: What it shows; what lies outside is cut off. Nil takes all the series hold.
    public init(_ label: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
        self.label = label
        self.scale = scale
        self.range = range
    }
}

/// An axis with its extent: places from 0 to 1, and ticks.
struct AxisGeometry {
    /// The scale.
    private let scale: Axis.Scale
    /// The ends, on the scale.
    private let lower: Double
    private let upper: Double
    /// The ticks between the ends, ascending.
    let ticks: [DecimalNumber]

    /// Fits an axis to values; those it cannot show are passed over.
    init(_ axis: Axis, values: some Sequence<Double>) {
        scale = axis.scale
        var lower = Double.infinity
        var upper = -Double.infinity
        for value in values where Self.shows(value, axis.scale) {
            lower = min(lower, value)
            upper = max(upper, value)
        }
        if let range = axis.range, Self.shows(range.lowerBound, axis.scale),
            Self.shows(range.upperBound, axis.scale)
        {
            lower = range.lowerBound
            upper = range.upperBound
        }
        switch axis.scale {
        case .linear:
            if lower > upper { (lower, upper) = (0, 1) }
            // One value only, or values that differ by rounding alone.
            if upper - lower <= max(abs(lower), abs(upper)) * 1e-12 {
                let half = max(abs(lower) / 2, 0.5)
                (lower, upper) = (lower - half, upper + half)
            }
            (self.lower, self.upper) = (lower, upper)
            ticks = Self.linearTicks(from: lower, to: upper)
        case .logarithmic:
            if lower > upper { (lower, upper) = (1, 10) }
            if upper < lower * 1.01 { (lower, upper) = (lower / 2, upper * 2) }
            (self.lower, self.upper) = (log10(lower), log10(upper))
            ticks = Self.logarithmicTicks(from: lower, to: upper)
        }
    }

    /// The place of a value: 0 and 1 are the ends of the axis; nil when it has none.
    func place(of value: Double) -> Double? {
        guard Self.shows(value, scale) else { return nil }
        let value = scale == .linear ? value : log10(value)
        return (value - lower) / (upper - lower)
    }

    /// Whether a value has a place; those whose squares overflow have none.
    private static func shows(_ value: Double, _ scale: Axis.Scale) -> Bool {
        abs(value) < 1e150 && (scale == .linear || value > 1e-150)
    }

    /// Four to nine ticks at multiples of 1, 2 or 5 times a power of ten.
    private static func linearTicks(from lower: Double, to upper: Double) -> [DecimalNumber] {
        let rough = (upper - lower) / 8
        var exponent = Int(log10(rough).rounded(.down))
        // Rounding may have led one too high or too low; the search below mends it.
        exponent -= 1
        for _ in 0..<3 {
            for mantissa in [1, 2, 5] {
                let step = DecimalNumber(digits: mantissa, exponent: exponent).value
                let first = (lower / step - 1e-9).rounded(.up)
                let last = (upper / step + 1e-9).rounded(.down)
                guard last - first <= 8, abs(first) < 1e15, abs(last) < 1e15 else { continue }
                return stride(from: first, through: last, by: 1).map {
                    DecimalNumber(digits: Int($0) * mantissa, exponent: exponent)
                }
            }
            exponent += 1
        }
        return []
    }

    /// Powers of ten, or multiples 1, 2 and 5 of them where the range is short.
    private static func logarithmicTicks(from lower: Double, to upper: Double) -> [DecimalNumber] {
        let first = Int(log10(lower).rounded(.down))
        let last = Int(log10(upper).rounded(.up))
        let decades = last - first
        let mantissas = decades > 3 ? [1] : [1, 2, 5]
        let every = max(1, (decades + 7) / 8)
        var ticks: [DecimalNumber] = []
        for exponent in stride(from: first, through: last, by: every) {
            for mantissa in mantissas {
                let tick = DecimalNumber(digits: mantissa, exponent: exponent)
                let isInside = tick.value >= lower * (1 - 1e-9) && tick.value <= upper * (1 + 1e-9)
                if isInside { ticks.append(tick) }
            }
        }
        return ticks.count > 1 ? ticks : linearTicks(from: lower, to: upper)
    }
}
