import CoreMetrics

/// What is recorded of a version of a model.
public final class ModelMetrics: Sendable {
    /// How a request about it ended.
    public enum Outcome: String, CaseIterable, Sendable {
        /// With an answer.
        case ok
        /// With a refusal of the request.
        case invalid
        /// With an error that is not the client's.
        case fault
        /// Without anybody who waited for it.
        case cancelled

        /// The outcome that a status tells.
        public init(status: Int) {
            switch status {
            case ..<400: self = .ok
            case 499: self = .cancelled
            case ..<500: self = .invalid
            default: self = .fault
            }
        }
    }

    private let queueSeconds: Recorder
    private let computeSeconds: Recorder
    private let draws: Counter
    private let fisherTrace: Recorder
    private let robustnessScore: Recorder
    private let outcomes: [Counter]
    private let ready: Meter

    init(_ name: String, version: Int, _ factory: any MetricsFactory) {
        let own = [("model", name), ("version", String(version))]
        func recorder(_ label: String) -> Recorder {
            Recorder(label: label, dimensions: own, aggregate: true, factory: factory)
        }
        queueSeconds = recorder("posterior_infer_queue_seconds")
        computeSeconds = recorder("posterior_infer_compute_seconds")
        fisherTrace = recorder("posterior_fisher_trace")
        robustnessScore = recorder("posterior_robustness_score")
        draws = Counter(label: "posterior_draws_total", dimensions: own, factory: factory)
        outcomes = Outcome.allCases.map { outcome in
            Counter(
                label: "posterior_infer_requests_total",
                dimensions: own + [("outcome", outcome.rawValue)],
                factory: factory
            )
        }
        ready = Meter(label: "posterior_model_ready", dimensions: own, factory: factory)
        ready.set(1)
    }

    /// Counts a request.
    public func count(_ outcome: Outcome) {
        guard let index = Outcome.allCases.firstIndex(of: outcome) else { return }
        outcomes[index].increment()
    }

    /// Records how long a request waited for a worker and was then worked on.
    public func worked(waiting: Duration, computing: Duration) {
        queueSeconds.record(waiting.inSeconds)
        computeSeconds.record(computing.inSeconds)
    }

    /// Counts draws that were made.
    func drew(_ count: Int) { draws.increment(by: count) }

    /// Records the Fisher trace of an observation.
    func found(fisherTrace trace: Double) { fisherTrace.record(trace) }

    /// Records the robustness score of an observation.
    func found(robustnessScore score: Double) { robustnessScore.record(score) }

    /// Forgets all of it.
    func destroy() {
        for recorder in [queueSeconds, computeSeconds, fisherTrace, robustnessScore] {
            recorder.destroy()
        }
        for counter in outcomes + [draws] { counter.destroy() }
        ready.destroy()
    }
}
