import HTTPServing

extension Setting {
    /// The settings of `LimitSettings`.
    static let limits: [Setting] = [
        .integer(
            "connection-limit",
            \.limits.connections,
            in: 1...1_000_000,
            value: "count",
            "Most connections; 64 more get health checks and, for all else, 503."
        ),
        .integer(
            "connection-limit-per-address",
            \.limits.connectionsPerAddress,
            in: 0...1_000_000,
            value: "count",
            "Most connections from one address; 0 for no limit, as behind a proxy."
        ),
        .integer(
            "request-limit-per-connection",
            \.limits.requestsPerConnection,
            in: 1...1_000_000_000,
            value: "count",
            "Most requests on one connection before it is closed."
        ),
        .integer(
            "queue-limit",
            \.limits.queue,
            in: 1...1_000_000,
            value: "count",
            "Most requests that wait or are worked on; more are answered 503 at once."
        ),
        .integer(
            "queue-byte-limit",
            \.limits.queueBytes,
            in: 1...(1 << 40),
            value: "bytes",
            """
            Most content of requests that is held, and of answers that wait for their clients; more \
            is answered 503, and answers that wait for over ten seconds are cut off.
            """
        ),
        .integer(
            "queue-timeout",
            \.limits.queueTime,
            in: 1...3600,
            value: "seconds",
            """
            Longest wait for a worker; 503 after it, and at once while the first in line \
            waits longer.
            """
        ),
        .integer(
            "request-timeout",
            \.limits.requestTime,
            in: 1...3600,
            value: "seconds",
            """
            Longest time to an answer, waiting and work together; 503 after it. \
            X-Request-Timeout asks for less.
            """
        ),
        .integer(
            "header-timeout",
            \.limits.headerTime,
            in: 1...3600,
            value: "seconds",
            "Longest time for a request's header to arrive; 408 after it."
        ),
        .integer(
            "body-timeout",
            \.limits.bodyTime,
            in: 1...3600,
            value: "seconds",
            "Longest pause inside a request's body; 408 after it."
        ),
        .integer(
            "body-rate",
            \.limits.bodyRate,
            in: 0...(1 << 30),
            value: "bytes",
            """
            Least bytes a second of a body, on average after ten seconds; 408 below it, 0 \
            for no minimum.
            """
        ),
        .integer(
            "write-timeout",
            \.limits.writeTime,
            in: 1...3600,
            value: "seconds",
            "Longest time in which a client takes not a byte of its answer; cut off after it."
        ),
        .integer(
            "idle-timeout",
            \.limits.idleTime,
            in: 1...86_400,
            value: "seconds",
            "Longest time between two requests on a connection."
        ),
        .integer(
            "close-timeout",
            \.limits.closeTime,
            in: 1...60,
            value: "seconds",
            "How long a client may take to close after the last answer."
        ),
        .integer(
            "request-line-limit",
            \.limits.requestLineBytes,
            in: 1024...65_536,
            value: "bytes",
            "Longest request line; 414 beyond it."
        ),
        .integer(
            "header-limit",
            \.limits.headerBytes,
            in: 1024...(1 << 20),
            value: "bytes",
            "Most bytes of a request's header lines; 431 beyond it."
        ),
        .integer(
            "header-count-limit",
            \.limits.headerCount,
            in: 8...10_000,
            value: "count",
            "Most header lines of a request; 431 beyond it."
        ),
        .integer(
            "client-request-limit",
            \.limits.clientRequests,
            in: 0...1_000_000,
            value: "count",
            """
            Most requests of one client, by key or address, that wait or are worked on; \
            429 beyond it, 0 for no limit.
            """
        ),
        .integer(
            "client-work-limit",
            \.limits.clientWork,
            in: 0...1_000_000,
            value: "milliseconds",
            """
            Work a second for one client, by key or address, in milliseconds of a worker; \
            429 beyond it, 0 for no limit.
            """
        ),
        .integer(
            "client-work-burst",
            \.limits.clientBurst,
            in: 1...100_000_000,
            value: "milliseconds",
            "Work a client may save up while it asks for nothing."
        ),
        .integer(
            "failed-key-limit",
            \.limits.failedKeys,
            in: 0...1_000_000,
            value: "count",
            """
            Wrong keys from one address that are answered 401; beyond it one a second, the others \
            429, 0 for no limit.
            """
        ),
        .integer(
            "draw-limit",
            \.limits.draws,
            in: 1...1_000_000_000,
            value: "count",
            "Most draws for one observation, where the answer is not streamed."
        ),
        .integer(
            "streamed-draw-limit",
            \.limits.streamedDraws,
            in: 1...10_000_000,
            value: "count",
            "Most draws for one observation, where they are sent while they are made."
        ),
        .integer(
            "streamed-number-limit",
            \.limits.streamedNumbers,
            in: 1...100_000_000_000,
            value: "count",
            "Most numbers in an answer that is sent while it is made."
        ),
        .integer(
            "observation-limit",
            \.limits.observations,
            in: 1...10_000_000,
            value: "count",
            "Most observations of a request."
        ),
        .integer(
            "number-limit",
            \.limits.numbers,
            in: 1...1_000_000_000,
            value: "count",
            "Most numbers in a request, and in an answer."
        ),
        .integer(
            "io-threads",
            \.limits.ioThreads,
            in: 1...64,
            value: "count",
            "Threads that read and write; by default a quarter of the cores, from 1 to 4."
        ),
        .text(
            "io-priority",
            \.limits.ioPriority,
            oneOf: IOPriority.allCases.map(\.rawValue),
            value: "priority",
            """
            How those threads are scheduled: real-time, before all others, where the system allows \
            it and while they are busy for less than half of the time, or normal.
            """
        ),
        .text(
            "allowed-hosts",
            \.limits.allowedHosts,
            value: "names",
            """
            The hosts a request may name, separated by commas, without ports; 421 for others, health \
            checks included. By default any.
            """
        ),
    ]
}
