/// The values of a metric with one set of labels.
struct MetricSeries {
    /// Where the values are kept.
    enum Handler {
        case number(NumberHandler)
        case histogram(HistogramHandler)
    }

    /// The labels as they are written between the braces.
    let labels: String
    let handler: Handler

    init(of definition: MetricDefinition, labels: String) {
        self.labels = labels
        let name = definition.name
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        switch definition.kind {
        case .counter, .gauge:
            handler = .number(NumberHandler(LineStarts(["\(name)\(braces) "])))
        case .histogram(let bounds):
            let others = labels.isEmpty ? "" : labels + ","
            // Bounds always have a fraction, as OpenMetrics writes them.
            let buckets = (bounds.map { "\($0)" } + ["+Inf"]).map { bound in
                "\(name)_bucket{\(others)le=\"\(bound)\"} "
            }
            let starts = LineStarts(buckets + ["\(name)_sum\(braces) ", "\(name)_count\(braces) "])
            handler = .histogram(HistogramHandler(bounds: bounds, starts))
        }
    }

    /// Writes its lines with the values of now.
    func append(to bytes: inout [UInt8]) {
        switch handler {
        case .number(let handler): handler.append(to: &bytes)
        case .histogram(let handler): handler.append(to: &bytes)
        }
    }
}
