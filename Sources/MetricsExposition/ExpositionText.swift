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
        forEachFamily { text.append($0) }
        return text.finish()
    }
}

/// Text that is being written.
struct ExpositionText {
    private let format: ExpositionFormat
    private var bytes: [UInt8] = []

    init(format: ExpositionFormat) {
        self.format = format
        bytes.reserveCapacity(262_144)
    }

    mutating func append(_ family: borrowing MetricsRegistry.Family) {
        bytes += format == .openMetrics ? family.openMetricsHead : family.prometheusHead
        for index in family.series.indices { family.series[index].append(to: &bytes) }
    }

    consuming func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    /// What stands before the series of a metric.
    static func head(of definition: MetricDefinition, _ format: ExpositionFormat) -> [UInt8] {
        var name = definition.name
        let kind: String
        switch definition.kind {
        case .counter:
            kind = "counter"
            // OpenMetrics names the family, and `_total` belongs to the sample.
            if format == .openMetrics { name = String(name.dropLast(6)) }
        case .gauge: kind = "gauge"
        case .histogram: kind = "histogram"
        }
        let help = escaped(definition.help, quotes: format == .openMetrics)
        return Array("# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n".utf8)
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
