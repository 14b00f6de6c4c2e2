import Synchronization

/// The values of a metric with one set of labels.
///
/// What stands before the values in the text is made once, and the lines are kept until a value
/// changes: a page has more than a thousand of them, and a loop that puts them together anew keeps its
/// connections waiting.
struct MetricSeries {
    /// Where the values are kept.
    enum Handler {
        case number(NumberHandler)
        case histogram(HistogramHandler)
    }

    /// The labels as they are written between the braces.
    let labels: String
    let handler: Handler
    /// The lines up to their values, one after the other: one for a number; for a histogram one a
    /// bucket, then those of sum and count.
    private let starts: [UInt8]
    /// Where in `starts` each of them ends.
    private let ends: [Int]
    private let written = WrittenLines()

    init(of definition: MetricDefinition, labels: String) {
        self.labels = labels
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        let lines: [String]
        switch definition.kind {
        case .counter, .gauge:
            handler = .number(NumberHandler())
            lines = ["\(definition.name)\(braces) "]
        case .histogram(let bounds):
            handler = .histogram(HistogramHandler(bounds: bounds))
            let others = labels.isEmpty ? "" : labels + ","
            // Bounds always have a fraction, as OpenMetrics writes them.
            lines =
                (bounds.map { "\($0)" } + ["+Inf"]).map { bound in
                    "\(definition.name)_bucket{\(others)le=\"\(bound)\"} "
                } + ["sum", "count"].map { "\(definition.name)_\($0)\(braces) " }
        }
        var starts: [UInt8] = []
        var ends: [Int] = []
        for line in lines {
            starts += line.utf8
            ends.append(starts.count)
        }
        self.starts = starts
        self.ends = ends
    }

    /// The lines with the values of now.
    var lines: [UInt8] {
        switch handler {
        case .number(let handler):
            let value = handler.value
            return written.lines(of: .number(value)) { bytes in
                begin(0, &bytes)
                Self.end(value, &bytes)
            }
        case .histogram(let handler):
            let counts = handler.counts
            return written.lines(of: .counts(counts)) { bytes in
                var total = 0
                for (index, count) in counts.buckets.enumerated() {
                    total += count
                    begin(index, &bytes)
                    Self.end(total, &bytes)
                }
                begin(counts.buckets.count, &bytes)
                Self.end(counts.sum, &bytes)
                begin(counts.buckets.count + 1, &bytes)
                Self.end(total, &bytes)
            }
        }
    }

    /// Writes what stands before one of the values.
    private func begin(_ index: Int, _ bytes: inout [UInt8]) {
        bytes += starts[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    private static func end(_ value: Double, _ bytes: inout [UInt8]) {
        // Most are counts, and have no fraction.
        if let whole = Int(exactly: value) {
            end(whole, &bytes)
        } else if value.isNaN {
            bytes += "NaN\n".utf8
        } else if value.isInfinite {
            bytes += (value < 0 ? "-Inf\n" : "+Inf\n").utf8
        } else {
            bytes += "\(value)\n".utf8
        }
    }

    private static func end(_ value: Int, _ bytes: inout [UInt8]) {
        if (0...9).contains(value) {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes += String(value).utf8
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// The lines of a series as they were written last, and for which values that was.
private final class WrittenLines: Sendable {
    enum Values: Equatable {
        case number(Double)
        case counts(HistogramHandler.Counts)
    }

    private let last = Mutex<(values: Values, lines: [UInt8])?>(nil)

    func lines(of values: Values, write: (inout [UInt8]) -> Void) -> [UInt8] {
        last.withLock { last in
            if let last, last.values == values { return last.lines }
            var lines: [UInt8] = []
            lines.reserveCapacity(last?.lines.capacity ?? 0)
            write(&lines)
            last = (values, lines)
            return lines
        }
    }
}
