import CoreMetrics
import MetricsExposition
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry([
        MetricDefinition("seen_total", .counter, "Seen \"things\".", labels: ["kind", "place"]),
        MetricDefinition("level", .gauge, "A level\nof \\."),
        MetricDefinition("size", .histogram(bounds: [0.5, 2]), "Sizes.", labels: ["kind"]),
        MetricDefinition("unused", .gauge, "Never shown."),
    ])

    private func text(_ format: ExpositionFormat) -> String {
        String(decoding: registry.exposition(format), as: UTF8.self)
    }

    private func record() {
        let labels = [("place", "a\"b\\c\nd"), ("kind", "x")]
        Counter(label: "seen_total", dimensions: labels, factory: registry).increment(by: 3)
        Counter(label: "seen_total", dimensions: labels, factory: registry).increment()
        Meter(label: "level", factory: registry).set(-1.5)
        let size = Recorder(
            label: "size",
            dimensions: [("kind", "x")],
            aggregate: true,
            factory: registry
        )
        for value in [0.25, 0.5, 1, 4, .nan] { size.record(value) }
    }

    // By hand, from the rules of the two formats.
    @Test func `metrics are shown in the Prometheus format`() {
        record()
        #expect(
            text(.prometheus) == #"""
                # HELP seen_total Seen "things".
                # TYPE seen_total counter
                seen_total{kind="x",place="a\"b\\c\nd"} 4
                # HELP level A level\nof \\.
                # TYPE level gauge
                level -1.5
                # HELP size Sizes.
                # TYPE size histogram
                size_bucket{kind="x",le="0.5"} 2
                size_bucket{kind="x",le="2.0"} 3
                size_bucket{kind="x",le="+Inf"} 4
                size_sum{kind="x"} 5.75
                size_count{kind="x"} 4

                """#
        )
    }

    @Test func `OpenMetrics names the family of a counter without its end, and ends`() {
        record()
        let text = text(.openMetrics)
        #expect(
            text.hasPrefix("# HELP seen Seen \\\"things\\\".\n# TYPE seen counter\nseen_total{")
        )
        #expect(text.hasSuffix("size_count{kind=\"x\"} 4\n# EOF\n"))
    }

    @Test func `what has changed since the last page is shown as it is now`() {
        record()
        let first = text(.prometheus)
        #expect(text(.prometheus) == first)
        // Two more in another bucket, whose sum is nothing.
        let size = Recorder(label: "size", dimensions: [("kind", "x")], factory: registry)
        for value in [-3.0, 3.0] { size.record(value) }
        Meter(label: "level", factory: registry).set(2.0)
        let second = text(.prometheus)
        for line in [
            "level 2", "size_bucket{kind=\"x\",le=\"0.5\"} 3",
            "size_bucket{kind=\"x\",le=\"2.0\"} 4",
            "size_bucket{kind=\"x\",le=\"+Inf\"} 6", "size_sum{kind=\"x\"} 5.75",
            "size_count{kind=\"x\"} 6",
        ] {
            #expect(second.contains("\n\(line)\n"), "\(line)")
        }
        #expect(second.contains("place=\"a\\\"b\\\\c\\nd\"} 4\n"))
    }

    @Test func `what is not defined, or has other labels, is not kept`() {
        Counter(label: "other_total", factory: registry).increment()
        Counter(label: "seen_total", factory: registry).increment()
        Counter(label: "seen_total", dimensions: [("kind", "x"), ("who", "y")], factory: registry)
            .increment()
        #expect(text(.prometheus).isEmpty)
    }

    @Test func `the number of series has a bound`() {
        for index in 0..<5000 {
            let labels = [("kind", "\(index)"), ("place", "")]
            Counter(label: "seen_total", dimensions: labels, factory: registry).increment()
        }
        #expect(text(.prometheus).split(separator: "\n").count == 2 + 4096)
    }

    @Test func `what is destroyed is gone, and gauges are brought up to date`() {
        record()
        let meter = Meter(label: "level", factory: registry)
        registry.collect { [registry] in Meter(label: "level", factory: registry).set(7) }
        #expect(text(.prometheus).contains("level 7\n"))
        meter.destroy()
        Recorder(label: "size", dimensions: [("kind", "x")], aggregate: true, factory: registry)
            .destroy()
        #expect(!text(.prometheus).contains("size"))
    }

    @Test(
        arguments: [
            ("", .prometheus), ("*/*", .prometheus), ("text/plain", .prometheus),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text; version=2.0.0", .prometheus),
            ("application/openmetrics-text;q=0", .prometheus),
            ("application/openmetrics-text;q=0.3, text/plain;q=0.5", .prometheus),
            ("text/plain;q=0.5,Application/OpenMetrics-Text;version=1.0.0;q=0.75", .openMetrics),
            ("application/json", .prometheus),
        ] as [(String, ExpositionFormat)]
    )
    func `the format is the one the client would rather have`(
        accept: String,
        format: ExpositionFormat
    ) {
        #expect(ExpositionFormat(accept: accept) == format)
    }
}
