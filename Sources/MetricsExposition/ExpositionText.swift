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
        bytes.reserveCapacity(262_144)
    }

    mutating func append(_ family: MetricsRegistry.Family) {
        bytes += format == .openMetrics ? family.openMetricsHead : family.prometheusHead
        for series in family.series {
            switch series.handler {
            case .number(let handler):
                begin(0, series)
                end(handler.value)
            case .histogram(let handler): append(handler.counts, series)
            }
        }
    }

    private mutating func append(_ counts: HistogramHandler.Counts, _ series: MetricSeries) {
        var total = 0
        for (index, count) in counts.buckets.enumerated() {
            total += count
            begin(index, series)
            end(total)
        }
        begin(counts.buckets.count, series)
        end(counts.sum)
        begin(counts.buckets.count + 1, series)
        end(total)
    }

    consuming func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    /// Writes what stands before one of the values of a series.
    private mutating func begin(_ index: Int, _ series: MetricSeries) {
        bytes += series.starts[(index == 0 ? 0 : series.ends[index - 1])..<series.ends[index]]
    }

    private mutating func end(_ value: Double) {
        // Most are counts, and have no fraction.
        if let whole = Int(exactly: value) {
            end(whole)
        } else if value.isNaN {
            bytes += "NaN\n".utf8
        } else if value.isInfinite {
            bytes += (value < 0 ? "-Inf\n" : "+Inf\n").utf8
        } else {
            bytes += "\(value)\n".utf8
        }
    }

    private mutating func end(_ value: Int) {
        if (0...9).contains(value) {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes += String(value).utf8
        }
        bytes.append(UInt8(ascii: "\n"))
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
