public import MetricsExposition

extension ServiceMetrics {
    /// Durations, in seconds.
    private static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    private static let traces: [Double] = [
        0.001, 0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
    ]
    private static let scores: [Double] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]
    private static let modelLabels = ["model", "version"]

    /// Every metric there is.
    ///
    /// Label values come from fixed sets: the templates of routes and `unmatched`, methods and
    /// `other`, classes of status, models that are there.
    public static let definitions: [MetricDefinition] = [
        MetricDefinition(
            "posterior_build_info",
            .gauge,
            "Always 1; the labels tell the release.",
            labels: ["version"]
        ),
        MetricDefinition(
            "posterior_ready",
            .gauge,
            "Whether GET /v2/health/ready says yes."
        ),
        MetricDefinition(
            "posterior_http_requests_total",
            .counter,
            "Answers, by route, method and class of status.",
            labels: ["route", "method", "status"]
        ),
        MetricDefinition(
            "posterior_http_request_duration_seconds",
            .histogram(bounds: seconds),
            "Time from the end of a request's header to its answer.",
            labels: ["route"]
        ),
        MetricDefinition(
            "posterior_http_request_body_bytes_total",
            .counter,
            "Content received.",
            labels: ["route"]
        ),
        MetricDefinition(
            "posterior_http_response_body_bytes_total",
            .counter,
            "Content sent.",
            labels: ["route"]
        ),
        MetricDefinition(
            "posterior_http_rejected_total",
            .counter,
            "Requests that were refused, by the reason.",
            labels: ["reason"]
        ),
        MetricDefinition("posterior_http_connections", .gauge, "Open connections."),
        MetricDefinition(
            "posterior_http_connection_attempts_total",
            .counter,
            "Connections that were accepted, and those refused since their address had too many.",
            labels: ["outcome"]
        ),
        MetricDefinition(
            "posterior_accept_errors_total",
            .counter,
            "Connections that could not be accepted, by the error.",
            labels: ["error"]
        ),
        MetricDefinition(
            "posterior_tls_handshakes_total",
            .counter,
            "TLS handshakes that were completed or resumed, or how they and what followed failed.",
            labels: ["result"]
        ),
        MetricDefinition("posterior_queue_depth", .gauge, "Requests that wait for a worker."),
        MetricDefinition("posterior_in_flight", .gauge, "Requests that are being worked on."),
        MetricDefinition(
            "posterior_queue_limit",
            .gauge,
            "The most requests that may wait and be worked on together."
        ),
        MetricDefinition(
            "posterior_queue_bytes",
            .gauge,
            "Content of requests and waiting answers that is held."
        ),
        MetricDefinition(
            "posterior_infer_requests_total",
            .counter,
            "Answers about a model, by their outcome: ok, invalid, fault or cancelled.",
            labels: modelLabels + ["outcome"]
        ),
        MetricDefinition(
            "posterior_infer_queue_seconds",
            .histogram(bounds: seconds),
            "Time a request about a model waited for a worker.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_infer_compute_seconds",
            .histogram(bounds: seconds),
            "Time a worker spent on a request about a model.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_draws_total",
            .counter,
            "Draws from posteriors that were asked for and made.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_fisher_trace",
            .histogram(bounds: traces),
            "Traces of the Fisher information of the observations that were asked about.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_robustness_score",
            .histogram(bounds: scores),
            "Robustness scores of the observations that were asked about.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_model_ready",
            .gauge,
            "1 for each model that is served.",
            labels: modelLabels
        ),
        MetricDefinition(
            "posterior_reloads_total",
            .counter,
            "Reloads of models, keys and certificates, by their result: ok or failed.",
            labels: ["what", "result"]
        ),
        MetricDefinition(
            "posterior_log_lines_dropped_total",
            .counter,
            "Lines of the log that were dropped, since nobody read them or they could not be written."
        ),
        MetricDefinition(
            "process_cpu_seconds_total",
            .counter,
            "Processor time of the process."
        ),
        MetricDefinition("process_resident_memory_bytes", .gauge, "Resident memory."),
        MetricDefinition("process_open_fds", .gauge, "Open file descriptors."),
        MetricDefinition("process_max_fds", .gauge, "The most file descriptors there may be."),
        MetricDefinition(
            "process_start_time_seconds",
            .gauge,
            "When the process was started, in seconds since the start of 1970."
        ),
    ]
}
