/// The values of a metric with one set of labels.
///
/// What stands before the values in the text is made once: a page has more than a thousand lines,
/// and a loop that puts them together anew keeps its connections waiting for a millisecond.
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
    let starts: [UInt8]
    /// Where in `starts` each of them ends.
    let ends: [Int]

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
}
