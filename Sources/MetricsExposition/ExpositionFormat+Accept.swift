extension ExpositionFormat {
    /// The format a client would rather have; Prometheus's where it does not say.
    ///
    /// - Parameter accept: The value of `Accept`, RFC 9110 §12.5.1; OpenMetrics has to be named.
    ///
    /// *Edge cases*: a client that takes neither gets Prometheus's, which every reader of either
    /// reads.
    public init(accept: String) {
        var openMetrics = 0.0
        var plain = 0.0
        for range in accept.split(separator: ",").prefix(32) {
            let parts = range.split(separator: ";").map { part in
                part.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            guard let type = parts.first else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            switch type {
            case "application/openmetrics-text":
                // Of several versions the one that is spoken counts.
                let versions = parts.filter { $0.hasPrefix("version=") }
                if versions.isEmpty || versions.contains("version=1.0.0") {
                    openMetrics = max(openMetrics, weight)
                }
            case "text/plain", "text/*", "*/*": plain = max(plain, weight)
            default: continue
            }
        }
        self = openMetrics > 0 && openMetrics >= plain ? .openMetrics : .prometheus
    }
}
