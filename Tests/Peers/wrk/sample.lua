-- Posts sample requests for the linear Gaussian model; the observations go round in a circle.
--
--     wrk -t1 -c4 -d10s --latency -s sample.lua http://127.0.0.1:8080 -- NUM_SAMPLES
--
-- Prints one line of JSON when it is done.

local diagonal = {
    -0.2633, -1.9402, 1.6822, -0.29684, -0.031292, -1.0250, 0.056811, 0.29649, 1.2073, -1.7704,
}
local requests = {}
local turn = 0

local function normal()
    return math.sqrt(-2 * math.log(1 - math.random())) * math.cos(2 * math.pi * math.random())
end

function init(arguments)
    local count = tonumber(arguments[1]) or 1000
    math.randomseed(1)
    for i = 1, 64 do
        local x = {}
        for d = 1, #diagonal do
            x[d] = string.format("%.6f", diagonal[d] * normal() + 0.1 * normal())
        end
        local body = string.format(
            '{"observations":[[%s]],"num_samples":%d}', table.concat(x, ","), count)
        requests[i] = wrk.format(
            "POST", "/v1/models/linear_gaussian/sample", { ["Content-Type"] = "application/json" },
            body)
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests_per_second":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"requests":%d,"bytes":%d,'
            .. '"errors":%d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.requests, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
