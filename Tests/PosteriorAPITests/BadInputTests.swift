import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import Testing

@Suite struct BadInputTests {
    static let sampleBodies = [
        // Dimensions and values of a lone observation.
        BadBody(
            #"{"observation":[1,2]}"#,
            "invalid_observation",
            "observation",
            "3 numbers",
            "list of 2"
        ),
        BadBody(
            #"{"observations":[[1,2,3,4]]}"#,
            "invalid_observation",
            "observations[0]",
            "3 numbers",
            "list of 4"
        ),
        BadBody(
            #"{"observations":[[]]}"#,
            "invalid_observation",
            "observations[0]",
            "3 numbers",
            "an empty list"
        ),
        BadBody(
            #"{"observation":[1,2,1e400]}"#,
            "invalid_observation",
            "observation[2]",
            "float32",
            "1e400"
        ),
        BadBody(
            #"{"observation":[1,-1e39,3]}"#,
            "invalid_observation",
            "observation[1]",
            "float32",
            "-1e39"
        ),
        BadBody(
            #"{"observation":[[1],[2],[1e39]]}"#,
            "invalid_observation",
            "observation[2][0]",
            "float32"
        ),
        BadBody(#"{"observation":[1,null,3]}"#, "invalid_observation", "observation[1]", "null"),
        BadBody(
            #"{"observation":[1,"2",3]}"#,
            "invalid_observation",
            "observation[1]",
            #"the string "2""#
        ),
        BadBody(
            #"{"observation":[[1],[2,3],[4]]}"#,
            "invalid_observation",
            "observation[1]",
            "1 number",
            "list of 2"
        ),
        BadBody(
            #"{"observation":[[[1]],[[2]],[[3]]]}"#,
            "invalid_observation",
            "observation[0][0]"
        ),
        BadBody(#"{"observation":"x"}"#, "invalid_observation", "observation", #"the string "x""#),
        BadBody(#"{"observation":5}"#, "invalid_observation", "observation", "the number 5"),
        BadBody(#"{"observation":{}}"#, "invalid_observation", "observation", "an object"),
        // The fields as a whole.
        BadBody(#"{"observations":[]}"#, "invalid_field", "observations", "an empty list"),
        BadBody(#"{"observations":[1,2,3]}"#, "invalid_field", "observations", #""observation""#),
        BadBody(#"{"observations":5}"#, "invalid_field", "observations", "the number 5"),
        BadBody(#"{"observations":{"a":1}}"#, "invalid_field", "observations", "an object"),
        BadBody(
            #"{"observation":[1,2,3],"observations":[[1,2,3]]}"#,
            "invalid_field",
            "observation",
            "not both"
        ),
        BadBody("{}", "missing_field", "observations", "3 numbers"),
        BadBody(#"{"observation":null}"#, "missing_field", "observations"),
        BadBody("[]", "invalid_field", "body", "an object", "an empty list"),
        BadBody("3", "invalid_field", "body", "an object", "the number 3"),
        BadBody("\"a\"", "invalid_field", "body", "an object"),
        // Counts.
        BadBody(
            #"{"observation":[1,2,3],"num_samples":0}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000",
            "the number 0"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":-1}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000",
            "-1"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":1e9}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000",
            "1e9"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":1000000000}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":1.5}"#,
            "invalid_field",
            "num_samples",
            "an integer"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":"10"}"#,
            "invalid_field",
            "num_samples",
            #"the string "10""#
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":true}"#,
            "invalid_field",
            "num_samples",
            "true"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":[1]}"#,
            "invalid_field",
            "num_samples",
            "a list of 1"
        ),
        BadBody(
            #"{"observations":[\#(Array(repeating: "[1,2,3]", count: 60).joined(separator: ","))],"num_samples":10000000}"#,
            "invalid_field",
            "num_samples",
            "1000000000",
            "1200000000"
        ),
        // Other fields.
        BadBody(
            #"{"observation":[1,2,3],"seed":-1}"#,
            "invalid_field",
            "seed",
            "18446744073709551615"
        ),
        BadBody(#"{"observation":[1,2,3],"seed":0.5}"#, "invalid_field", "seed", "0.5"),
        BadBody(#"{"observation":[1,2,3],"seed":18446744073709551616}"#, "invalid_field", "seed"),
        BadBody(#"{"observation":[1,2,3],"seed":"1"}"#, "invalid_field", "seed"),
        BadBody(
            #"{"observation":[1,2,3],"output":"all"}"#,
            "invalid_field",
            "output",
            "summary",
            #"the string "all""#
        ),
        BadBody(#"{"observation":[1,2,3],"output":1}"#, "invalid_field", "output", "a string"),
        BadBody(
            #"{"observation":[1,2,3],"log_prob":1}"#,
            "invalid_field",
            "log_prob",
            "true or false"
        ),
        // Levels of a summary.
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","quantiles":[0.5,1.5]}"#,
            "invalid_field",
            "quantiles[1]",
            "from 0 to 1",
            "the number 1.5"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"both","quantiles":0.5}"#,
            "invalid_field",
            "quantiles",
            "a list",
            "the number 0.5"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","quantiles":[0.5,0.50]}"#,
            "invalid_field",
            "quantiles[1]",
            "differ"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","quantiles":["0.5"]}"#,
            "invalid_field",
            "quantiles[0]",
            "a number"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","credible_intervals":[1]}"#,
            "invalid_field",
            "credible_intervals[0]",
            "below 1"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","credible_intervals":[0]}"#,
            "invalid_field",
            "credible_intervals[0]",
            "above 0"
        ),
        BadBody(
            #"{"observation":[1,2,3],"output":"summary","credible_intervals":[\#((1...65).map { "\(Double($0) / 100)" }.joined(separator: ","))]}"#,
            "invalid_field",
            "credible_intervals",
            "at most 64",
            "a list of 65"
        ),
        BadBody(
            #"{"observation":[1,2,3],"quantiles":[0.5]}"#,
            "invalid_field",
            "quantiles",
            "summary"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_sample":5}"#,
            "unknown_field",
            "num_sample",
            "num_samples"
        ),
        BadBody(#"{"observation":[1,2,3],"temperature":5}"#, "unknown_field", "temperature"),
        BadBody(#"{"observation":[1,2,3],"theta":[[1,2]]}"#, "unknown_field", "theta"),
        // JSON itself.
        BadBody(#"{"observation":[1,2,NaN]}"#, "invalid_json", "observation[2]", "NaN"),
        BadBody(
            #"{"observations":[[1,2,-Infinity]]}"#,
            "invalid_json",
            "observations[0][2]",
            "Infinity"
        ),
        BadBody(#"{"observation":[1,2,3]"#, "invalid_json", "body", "too early"),
        BadBody(#"{"observation":[1,2,3]} x"#, "invalid_json", "body", "follows the end"),
        BadBody(#"{"observation":[1,2,3],}"#, "invalid_json", "body", "a key in quotes"),
        BadBody(
            #"{"observation":[1,2,3],"seed":1,"seed":2}"#,
            "invalid_json",
            "body",
            #""seed" appears twice"#
        ),
        BadBody(
            #"{"observation":"# + String(repeating: "[", count: 10_000),
            "invalid_json",
            nil,
            "deeper than 64"
        ),
        BadBody("observation=1", "invalid_json", "body", "a value"),
        BadBody(" ", "invalid_json", "body", "no JSON value"),
    ]

    @Test(arguments: sampleBodies)
    func `a bad sample request names field, rule and finding`(bad: BadBody) throws {
        let client = try InMemoryClient()
        let answer = client.post("/v1/models/flow/sample", bad.body)
        try check(answer, bad)
        // The service goes on.
        #expect(client.post("/v1/models/flow/sample", #"{"observation":[1,2,3]}"#).status == 200)
    }

    static let logProbBodies = [
        BadBody(#"{"observation":[1,2,3]}"#, "missing_field", "theta", "2 numbers"),
        BadBody(#"{"theta":[[0,0]]}"#, "missing_field", "observations"),
        BadBody(
            #"{"observation":[1,2,3],"theta":[0,0]}"#,
            "invalid_observation",
            "theta",
            "a list of parameters"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":[]}"#,
            "invalid_observation",
            "theta",
            "an empty list"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,0],[0]]}"#,
            "invalid_observation",
            "theta[1]",
            "2 numbers",
            "list of 1"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,1e400]]}"#,
            "invalid_observation",
            "theta[0][1]",
            "1e400"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,"a"]]}"#,
            "invalid_observation",
            "theta[0][1]"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":7}"#,
            "invalid_observation",
            "theta",
            "the number 7"
        ),
        BadBody(
            #"{"observation":[1,2],"theta":[[0,0]]}"#,
            "invalid_observation",
            "observation",
            "3 numbers"
        ),
        BadBody(#"{"observations":[[1,2,3]],"theta":[]}"#, "invalid_field", "theta", "a list of 1"),
        BadBody(
            #"{"observations":[[1,2,3]],"theta":[[[0,0]],[[0,0]]]}"#,
            "invalid_field",
            "theta",
            "a list of 2"
        ),
        BadBody(
            #"{"observations":[[1,2,3]],"theta":[[0,0]]}"#,
            "invalid_observation",
            "theta[0]",
            "a list of parameters"
        ),
        BadBody(#"{"observation":[1,2,3],"theta":[[0,0]],"seed":1}"#, "unknown_field", "seed"),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,NaN]]}"#,
            "invalid_json",
            "theta[0][1]",
            "NaN"
        ),
    ]

    @Test(arguments: logProbBodies)
    func `a bad log_prob request names field, rule and finding`(bad: BadBody) throws {
        try check(InMemoryClient().post("/v1/models/flow/log_prob", bad.body), bad)
    }

    static let mapBodies = [
        BadBody("{}", "missing_field", "observations", "3 numbers"),
        BadBody(#"{"observation":[1,2]}"#, "invalid_observation", "observation", "3 numbers"),
        BadBody(#"{"observation":[1,2,3],"starts":0}"#, "invalid_field", "starts", "1 to 256"),
        BadBody(
            #"{"observation":[1,2,3],"starts":6,"num_samples":5}"#,
            "invalid_field",
            "starts",
            "1 to 5",
            "the number 6"
        ),
        BadBody(
            #"{"observation":[1,2,3],"num_samples":100001}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000"
        ),
        BadBody(#"{"observation":[1,2,3],"seed":"a"}"#, "invalid_field", "seed", #""a""#),
        BadBody(#"{"observation":[1,2,3],"theta":[[0,0]]}"#, "unknown_field", "theta"),
    ]

    @Test(arguments: mapBodies)
    func `a bad map request names field, rule and finding`(bad: BadBody) throws {
        try check(InMemoryClient().post("/v1/models/flow/map", bad.body), bad)
    }

    static let credibleBodies = [
        BadBody(#"{"observation":[1,2,3]}"#, "missing_field", "theta", "2 numbers"),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,0],[0]]}"#,
            "invalid_observation",
            "theta[1]",
            "list of 1"
        ),
        BadBody(
            #"{"observations":[[1,2,3]],"theta":[[[0,0]],[[0,0]]]}"#,
            "invalid_field",
            "theta",
            "a list of 2"
        ),
        BadBody(
            #"{"observation":[1,2,3],"theta":[[0,0]],"num_samples":0}"#,
            "invalid_field",
            "num_samples",
            "1 to 100000"
        ),
        BadBody(#"{"observation":[1,2,3],"theta":[[0,0]],"level":1}"#, "unknown_field", "level"),
    ]

    @Test(arguments: credibleBodies)
    func `a bad credible request names field, rule and finding`(bad: BadBody) throws {
        try check(InMemoryClient().post("/v1/models/flow/credible", bad.body), bad)
    }

    private func check(_ answer: InMemoryClient.Answer, _ bad: BadBody) throws {
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.response.head.headerFields[.contentType] == "application/json")
        let error = try answer.error()
        #expect(error.code == bad.code, "\(error.message)")
        if let field = bad.field {
            #expect(error.field == field, "\(error.message)")
        }
        for part in bad.parts {
            #expect(error.message.contains(part), "\(error.message)")
        }
    }

    @Test func `invalid UTF-8 is refused with its place`() throws {
        var bytes = Array(#"{"observation":[1,2,3],"output":"x"}"#.utf8)
        bytes[bytes.count - 3] = 0xFF
        let answer = try InMemoryClient().post("/v1/models/flow/sample", bytes: bytes)
        #expect(answer.status == 400)
        #expect(try answer.error().code == "invalid_json")
        #expect(try answer.error().message.contains("UTF-8 at byte 33"))
    }

    @Test func `more observations than the limit are refused`() throws {
        var limits = ServiceLimits()
        limits.observations = 2
        let client = try InMemoryClient(limits: limits)
        let answer = client.post("/v1/models/flow/sample", #"{"observations":[[1],[1],[1]]}"#)
        #expect(answer.status == 400)
        #expect(try answer.error().message.contains("at most 2 observations"))
    }

    @Test func `a summary of more numbers than the limit is refused`() throws {
        var limits = ServiceLimits()
        limits.numbers = 50
        let client = try InMemoryClient(limits: limits)
        // D (mean, std, 7 quantiles, 2 intervals, D correlations) = 2 · 15 numbers each.
        let answer = client.post(
            "/v1/models/flow/sample",
            #"{"observations":[[1,2,3],[1,2,3]],"num_samples":2,"output":"summary"}"#
        )
        #expect(answer.status == 400)
        #expect(try answer.error().field == "output")
        #expect(try answer.error().message.contains("2 × 30"))
    }

    @Test func `more numbers than the limit are refused`() throws {
        var limits = ServiceLimits()
        limits.numbers = 20
        let client = try InMemoryClient(limits: limits)
        let many = "[" + Array(repeating: "1", count: 30).joined(separator: ",") + "]"
        let answer = client.post("/v1/models/flow/sample", "{\"observation\":\(many)}")
        #expect(answer.status == 400)
        #expect(try answer.error().message.contains("more than 20 values"))
    }
}
