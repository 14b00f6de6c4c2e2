-- Gets the liveness probe over keep-alive connections, and prints one line of JSON.
--
--     wrk -t1 -c64 -d10s --latency -s live.lua http://127.0.0.1:8080

wrk.path = "/v2/health/live"

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests_per_second":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"requests":%d,"bytes":%d,'
            .. '"errors":%d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.requests, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
