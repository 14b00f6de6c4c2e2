extension Setting {
    /// Every setting: to add one, give `ServerSettings` a property and this table a row.
    ///
    /// From its name come the flag, `--drain-delay`, the environment variable,
    /// `POSTERIOR_SERVER_DRAIN_DELAY`, and the key in the file, `drain_delay`; its default is the
    /// one that the property has.
    static let all: [Setting] = general + limits

    private static let general: [Setting] = [
        .text("models", \.models, value: "directory", "Where the models are."),
        .text("host", \.host, value: "address", "Address or host name to listen on."),
        .integer(
            "port",
            \.port,
            in: 0...65535,
            value: "number",
            "Port to listen on; 0 picks a free one."
        ),
        .text(
            "tls-certificate",
            \.tlsCertificate,
            value: "file",
            "Serve over TLS with this certificate and those that follow it up to its authority, in PEM."
        ),
        .text(
            "tls-key",
            \.tlsKey,
            value: "file",
            "The certificate's private key, in PEM without a passphrase."
        ),
        .text(
            "tls-client-ca",
            \.tlsClientCA,
            value: "file",
            "Demand of each client a certificate issued by one of these authorities, in PEM."
        ),
        .integer(
            "workers",
            \.workers,
            in: 1...1024,
            value: "count",
            "Threads that compute; by default one a core."
        ),
        .integer(
            "body-limit",
            \.bodyLimit,
            in: 1...(1 << 30),
            value: "bytes",
            "Longest request body."
        ),
        .integer(
            "time-limit",
            \.timeLimit,
            in: 1...3600,
            value: "seconds",
            "How long a map, credible, fisher, attack or robustness request may compute."
        ),
        .integer(
            "evaluation-limit",
            \.evaluationLimit,
            in: 1...1_000_000_000_000,
            value: "count",
            """
            Most draws and densities a map, credible, fisher, attack or robustness request may have \
            worked out: of an attack, observations × restarts × steps × draws.
            """
        ),
        .integer(
            "drain-delay",
            \.drainDelay,
            in: 0...3600,
            value: "seconds",
            "How long to go on serving after SIGTERM while /v2/health/ready says no."
        ),
        .integer(
            "drain-timeout",
            \.drainTimeout,
            in: 0...3600,
            value: "seconds",
            "How long requests in progress may then take to finish."
        ),
        .text(
            "api-keys",
            \.apiKeys,
            value: "file",
            "Ask for API keys, those whose hashes are in this file; see make-key."
        ),
        .text(
            "api-key-ring",
            \.apiKeyRing,
            isSecret: true,
            value: "json",
            "What a key file would hold."
        ),
        .toggle(
            "insecure",
            \.insecure,
            "Listen on other addresses than loopback though anybody may ask for anything."
        ),
        .text(
            "log-format",
            \.logFormat,
            oneOf: LogFormat.allCases.map(\.rawValue),
            value: "format",
            "How lines of the log look: text, json, or auto, text on a terminal and else JSON."
        ),
        .text(
            "log-level",
            \.logLevel,
            oneOf: ["debug", "info", "warning", "error"],
            value: "level",
            "The least level that is logged: debug, info, warning or error."
        ),
    ]
}
