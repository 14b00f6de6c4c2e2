import CoreMetrics
import HTTPServing
import MetricsExposition
import OperatingSystem
import PosteriorAPI
import Synchronization

/// Gauges that are brought up to date when the metrics are read.
final class ProcessMetrics: Sendable {
    private let registry: MetricsRegistry
    private let server: HTTPServer
    private let readiness: Readiness
    private let log: ServerLog
    private let processor: FloatingPointCounter
    private let dropped: Counter
    /// What the counters have counted so far.
    private let counted = Mutex((seconds: 0.0, lines: 0))

    init(
        _ registry: MetricsRegistry,
        _ server: HTTPServer,
        _ readiness: Readiness,
        _ log: ServerLog
    ) {
        self.registry = registry
        self.server = server
        self.readiness = readiness
        self.log = log
        processor = FloatingPointCounter(label: "process_cpu_seconds_total", factory: registry)
        dropped = Counter(label: "posterior_log_lines_dropped_total", factory: registry)
        for what in ["certificates", "keys", "models"] {
            for result in ["ok", "failed"] {
                _ = Counter(
                    label: "posterior_reloads_total",
                    dimensions: [("what", what), ("result", result)],
                    factory: registry
                )
            }
        }
        set("posterior_build_info", 1, [("version", PosteriorService.release)])
        set("process_start_time_seconds", Double(WallClock.seconds))
    }

    /// Has the registry ask from now on.
    func register() {
        registry.collect { [self] in update() }
    }

    private func update() {
        let load = server.load
        set("posterior_http_connections", Double(load.connections))
        set("posterior_queue_depth", Double(load.waiting))
        set("posterior_in_flight", Double(load.running))
        set("posterior_queue_limit", Double(load.queueLimit))
        set("posterior_queue_bytes", Double(load.queueBytes))
        set("posterior_ready", readiness.isDraining ? 0 : 1)
        let facts = ProcessFacts()
        set("process_resident_memory_bytes", Double(facts.residentBytes))
        set("process_open_fds", Double(facts.openDescriptors))
        set("process_max_fds", Double(facts.descriptorLimit))
        let lines = log.sink.droppedCount
        let more = counted.withLock { counted in
            defer { counted = (max(counted.seconds, facts.processorSeconds), lines) }
            return (facts.processorSeconds - counted.seconds, lines - counted.lines)
        }
        if more.0 > 0 { processor.increment(by: more.0) }
        if more.1 > 0 { dropped.increment(by: more.1) }
    }

    private func set(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        Meter(label: name, dimensions: labels, factory: registry).set(value)
    }
}
