/// A text that Prometheus reads.
public enum ExpositionFormat: String, Sendable, CaseIterable {
    /// The Prometheus text format 0.0.4.
    case prometheus = "text/plain; version=0.0.4; charset=utf-8"
    /// OpenMetrics 1.0.
    case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// The `Content-Type` of the text.
    public var mediaType: String { rawValue }
}

extension MetricsRegistry {
    /// All metrics as text.
    ///
    /// *Reference*: Prometheus documentation, Exposition formats; OpenMetrics 1.0, §5.
    public func exposition(_ format: ExpositionFormat) -> [UInt8] {
        var text = ExpositionText(format: format)
        for family in snapshot() { text.append(family) }
        return text.finish()
    }
}

/// Text that is being written.
struct ExpositionText {
    private let format: ExpositionFormat
    private var bytes: [UInt8] = []

    init(format: ExpositionFormat) {
        self.format = format
        bytes.reserveCapacity(65_536)
    }

    mutating func append(_ family: MetricsRegistry.Family) {
        let definition = family.definition
        var familyName = definition.name
        let kind: String
        switch definition.kind {
        case .counter:
            kind = "counter"
            // OpenMetrics names the family, and `_total` belongs to the sample.
            if format == .openMetrics { familyName = String(familyName.dropLast(6)) }
        case .gauge: kind = "gauge"
        case .histogram: kind = "histogram"
        }
        let help = Self.escaped(definition.help, quotes: format == .openMetrics)
        line("# HELP \(familyName) \(help)")
        line("# TYPE \(familyName) \(kind)")
        for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .number(let handler):
                line(definition.name + Self.braces(labels) + " " + Self.number(handler.value))
            case .histogram(let handler):
                append(definition.name, labels, handler)
            }
        }
    }

    private mutating func append(_ name: String, _ labels: String, _ histogram: HistogramHandler) {
        let counts = histogram.counts
        let start = labels.isEmpty ? "" : labels + ","
        var total = 0
        for (index, count) in counts.buckets.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? histogram.bounds[index] : .infinity
            line("\(name)_bucket{\(start)le=\"\(Self.bound(bound))\"} \(total)")
        }
        line("\(name)_sum\(Self.braces(labels)) \(Self.number(counts.sum))")
        line("\(name)_count\(Self.braces(labels)) \(total)")
    }

    consuming func finish() -> [UInt8] {
        if format == .openMetrics { line("# EOF") }
        return bytes
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0A)
    }

    private static func braces(_ labels: String) -> String {
        labels.isEmpty ? "" : "{\(labels)}"
    }

    /// A number without a fraction where it has none, since most are counts.
    static func number(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    /// A bound as OpenMetrics writes it, always with a fraction.
    private static func bound(_ value: Double) -> String {
        value.isInfinite ? "+Inf" : "\(value)"
    }

    /// Text in which nothing ends a line or a quoted value.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += #"\\"#
            case "\n": escaped += #"\n"#
            case "\"" where quotes: escaped += #"\""#
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
