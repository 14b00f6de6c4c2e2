-- Rotates through samples, log densities, probes and a listing, as a busy day would.
--
--     wrk -t1 -c16 -d10s --latency -s mixed.lua http://127.0.0.1:8080
--
-- Prints one line of JSON when it is done.

local json = { ["Content-Type"] = "application/json" }
local requests = {}
local turn = 0

local function vector(count)
    local values = {}
    for i = 1, count do
        values[i] = string.format("%.5f", 2 * math.random() - 1)
    end
    return "[" .. table.concat(values, ",") .. "]"
end

local function vectors(count, size)
    local rows = {}
    for i = 1, count do
        rows[i] = vector(size)
    end
    return "[" .. table.concat(rows, ",") .. "]"
end

local function sample(observations, draws)
    local body = string.format(
        '{"observations":%s,"num_samples":%d}', vectors(observations, 10), draws)
    return wrk.format("POST", "/v1/models/linear_gaussian/sample", json, body)
end

local function log_prob(draws)
    local body = string.format(
        '{"observations":%s,"theta":[%s]}', vectors(1, 10), vectors(draws, 10))
    return wrk.format("POST", "/v1/models/linear_gaussian/log_prob", json, body)
end

function init(arguments)
    math.randomseed(1)
    for _ = 1, 16 do
        requests[#requests + 1] = sample(1, 1)
        requests[#requests + 1] = log_prob(4)
        requests[#requests + 1] = wrk.format("GET", "/v2/health/live")
        requests[#requests + 1] = sample(1, 16)
        requests[#requests + 1] = wrk.format("GET", "/v1/models")
        requests[#requests + 1] = log_prob(1)
        requests[#requests + 1] = sample(4, 2)
        requests[#requests + 1] = wrk.format("GET", "/v2/health/ready")
    end
    requests[#requests + 1] = sample(1, 1000)
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
