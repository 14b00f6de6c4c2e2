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
    private let connections, waiting, running, queueLimit, queueBytes, ready: Meter
    private let residentBytes, openDescriptors, descriptorLimit: Meter
    /// What the counters have counted so far.
    private let counted = Mutex((seconds: 0.0, lines: 0))

    init(
        _ registry: MetricsRegistry,
        _ server: HTTPServer,
        _ readiness: Readiness,
        _ log: ServerLog
    ) {
        func gauge(_ name: String, _ labels: [(String, String)] = []) -> Meter {
            Meter(label: name, dimensions: labels, factory: registry)
        }
        self.registry = registry
        self.server = server
        self.readiness = readiness
        self.log = log
        processor = FloatingPointCounter(label: "process_cpu_seconds_total", factory: registry)
        dropped = Counter(label: "posterior_log_lines_dropped_total", factory: registry)
        connections = gauge("posterior_http_connections")
        waiting = gauge("posterior_queue_depth")
        running = gauge("posterior_in_flight")
        queueLimit = gauge("posterior_queue_limit")
        queueBytes = gauge("posterior_queue_bytes")
        ready = gauge("posterior_ready")
        residentBytes = gauge("process_resident_memory_bytes")
        openDescriptors = gauge("process_open_fds")
        descriptorLimit = gauge("process_max_fds")
        for what in ["certificates", "keys", "models"] {
            for result in ["ok", "failed"] {
                _ = Counter(
                    label: "posterior_reloads_total",
                    dimensions: [("what", what), ("result", result)],
                    factory: registry
                )
            }
        }
        gauge("posterior_build_info", [("version", PosteriorService.release)]).set(1)
        gauge("process_start_time_seconds").set(Double(WallClock.seconds))
    }

    /// Has the registry ask from now on.
    func register() {
        registry.collect { [self] in update() }
    }

    private func update() {
        let load = server.load
        connections.set(load.connections)
        waiting.set(load.waiting)
        running.set(load.running)
        queueLimit.set(load.queueLimit)
        queueBytes.set(load.queueBytes)
        ready.set(readiness.isDraining ? 0 : 1)
        let facts = ProcessFacts()
        residentBytes.set(facts.residentBytes)
        openDescriptors.set(facts.openDescriptors)
        descriptorLimit.set(facts.descriptorLimit)
        let lines = log.sink.droppedCount
        let more = counted.withLock { counted in
            defer { counted = (max(counted.seconds, facts.processorSeconds), lines) }
            return (facts.processorSeconds - counted.seconds, lines - counted.lines)
        }
        if more.0 > 0 { processor.increment(by: more.0) }
        if more.1 > 0 { dropped.increment(by: more.1) }
    }
}
