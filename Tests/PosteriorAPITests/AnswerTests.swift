import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import Testing

@Suite struct AnswerTests {
    private func sample(
        _ client: InMemoryClient,
        _ rest: String,
        model: String = "flow"
    ) throws
        -> JSONFields
    {
        let answer = client.post("/v1/models/\(model)/sample", "{\(rest)}")
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.json()
    }

    private func draws(_ fields: JSONFields, _ index: Int = 0) throws -> [[Double]] {
        let results = try fields.required("results", expected: "").elements()
        return try results[index].object().required("samples", expected: "").elements()
            .map { try $0.doubles() }
    }

    @Test func `a thousand draws inside the prior by default`() throws {
        let fields = try sample(InMemoryClient(), #""observation":[0.1,0.2,0.3]"#)
        #expect(try fields.required("model", expected: "").string() == "flow")
        #expect(try fields.required("version", expected: "").integer(in: 1...9) == 3)
        _ = try fields.required("seed", expected: "").integer(in: 0...UInt64(1) << 53)
        let draws = try draws(fields)
        #expect(draws.count == 1000)
        #expect(draws.allSatisfy { $0.count == 2 && abs($0[0]) <= 1 && abs($0[1]) <= 2.5 })
    }

    @Test func `the same seed gives the same bytes, and the picked one is returned`() throws {
        let client = try InMemoryClient()
        let body = #"{"observation":[1,2,3],"num_samples":7,"seed":18446744073709551615}"#
        let first = client.post("/v1/models/flow/sample", body)
        #expect(client.post("/v1/models/flow/sample", body).response.body == first.response.body)
        #expect(try first.json().required("seed", expected: "").integer(in: 0...UInt64.max) == .max)
        let picked = client.post(
            "/v1/models/flow/sample",
            #"{"observation":[1,2,3],"num_samples":7}"#
        )
        let seed = try picked.json().required("seed", expected: "").integer(in: 0...UInt64.max)
        let again = client.post(
            "/v1/models/flow/sample",
            #"{"observation":[1,2,3],"num_samples":7,"seed":\#(seed)}"#
        )
        #expect(again.response.body == picked.response.body)
    }

    @Test func `fewer draws are the first of more, whatever the workers`() throws {
        let client = try InMemoryClient()
        let few = try draws(sample(client, #""observation":[1,2,3],"num_samples":10,"seed":4"#))
        var request = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "t",
            path: "/v1/models/flow/sample"
        )
        request.headerFields[.contentType] = "application/json"
        let body = Array(#"{"observation":[1,2,3],"num_samples":500,"seed":4}"#.utf8)
        let many = try draws(client.send(request, body: body, idleWorkers: 3).json())
        #expect(Array(many[..<10]) == few)
    }

    @Test func `flat and nested observations are the same, alone and in a batch`() throws {
        let client = try InMemoryClient()
        let rest = #""num_samples":5,"seed":1"#
        let flat = try draws(sample(client, #""observation":[1,2,3],\#(rest)"#))
        #expect(try draws(sample(client, #""observation":[[1],[2],[3]],\#(rest)"#)) == flat)
        let batch = try sample(client, #""observations":[[9,9,9],[[1],[2],[3]],[1,2,3]],\#(rest)"#)
        #expect(try draws(batch, 1) == flat)
        #expect(try draws(batch, 2) == flat)
        #expect(try draws(batch, 0) != flat)
    }

    @Test func `a version in the path is the one that answers`() throws {
        let client = try InMemoryClient()
        let answer = client.post(
            "/v1/models/flow/versions/1/sample",
            #"{"observation":[1,2,3],"num_samples":1}"#
        )
        #expect(try answer.json().required("version", expected: "").integer(in: 0...9) == 1)
    }

    @Test func `a summary describes the draws`() throws {
        let client = try InMemoryClient()
        let fields = try sample(
            client,
            #""observation":[1,2,3],"output":"both","seed":3,"num_samples":101"#
        )
        let result = try fields.required("results", expected: "").elements()[0].object()
        let draws = try draws(fields)
        let summary = try result.required("summary", expected: "").object()
        let mean = try summary.required("mean", expected: "").doubles()
        let deviation = try summary.required("std", expected: "").doubles()
        let quantiles = try summary.required("quantiles", expected: "").object()
        for dimension in 0..<2 {
            let column = draws.map { $0[dimension] }.sorted()
            let average = column.reduce(0, +) / 101
            let variance = column.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 100
            #expect(abs(mean[dimension] - average) < 1e-6)
            #expect(abs(deviation[dimension] - variance.squareRoot()) < 1e-6)
            for (name, index) in [
                ("0.05", 5), ("0.25", 25), ("0.5", 50), ("0.75", 75), ("0.95", 95),
            ] {
                let values = try quantiles.required(name, expected: "").doubles()
                #expect(abs(values[dimension] - column[index]) < 1e-6)
            }
        }
        let alone = try sample(
            client,
            #""observation":[1,2,3],"output":"summary","seed":3,"num_samples":101"#
        )
        let other = try alone.required("results", expected: "").elements()[0].object()
        #expect(other.optional("samples") == nil ? true : false)
        #expect(
            try other.required("summary", expected: "").value.text
                == result.required("summary", expected: "").value.text
        )
    }

    @Test func `a summary gives the levels asked for, under their names`() throws {
        let fields = try sample(
            InMemoryClient(),
            #""observation":[1,2,3],"output":"summary","num_samples":20,"quantiles":[1,0.50,-0],"credible_intervals":[1e-1]"#
        )
        let result = try fields.required("results", expected: "").elements()[0].object()
        let summary = try result.required("summary", expected: "").object()
        #expect(try summary.required("correlation", expected: "").elements().count == 2)
        let quantiles = try summary.required("quantiles", expected: "").object()
        try quantiles.refuseOthers(than: ["1.0", "0.5", "0.0"])
        for name in ["1.0", "0.5", "0.0"] {
            #expect(try quantiles.required(name, expected: name).doubles().count == 2)
        }
        let intervals = try summary.required("credible_intervals", expected: "").object()
        for ends in try intervals.required("0.1", expected: "0.1").elements() {
            let ends = try ends.doubles()
            #expect(ends.count == 2 && ends[0] <= ends[1])
        }
    }

    @Test func `one draw has no standard deviation`() throws {
        let fields = try sample(
            InMemoryClient(),
            #""observation":[1,2,3],"output":"summary","num_samples":1"#
        )
        let result = try fields.required("results", expected: "").elements()[0].object()
        let summary = try result.required("summary", expected: "").object()
        #expect(
            String(decoding: try summary.required("std", expected: "").value.text, as: UTF8.self)
                == "[null,null]"
        )
    }

    @Test(arguments: ["flow", "mixture"])
    func `log_prob of draws is what log_prob answers for them`(model: String) throws {
        let client = try InMemoryClient()
        let x = model == "flow" ? "[0.1,0.2,0.3]" : "[0.1,0.2,0.3,0.4]"
        let fields = try sample(
            client,
            #""observation":\#(x),"log_prob":true,"num_samples":50,"seed":2"#,
            model: model
        )
        let result = try fields.required("results", expected: "").elements()[0].object()
        let stated = try result.required("log_prob", expected: "").doubles()
        let theta = String(
            decoding: try result.required("samples", expected: "").value.text,
            as: UTF8.self
        )
        let answer = client.post(
            "/v1/models/\(model)/log_prob",
            #"{"observation":\#(x),"theta":\#(theta)}"#
        )
        let computed = try answer.results()[0].required("log_prob", expected: "").doubles()
        #expect(computed.count == 50)
        for (one, other) in zip(stated, computed) {
            // float32 both ways through the flow: the inverse is not exact near the prior's edge.
            #expect(abs(one - other) < 1e-2 * max(1, abs(other)))
        }
    }

    @Test func `a theta outside the prior has log_prob null`() throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/log_prob",
            #"{"observation":[1,2,3],"theta":[[0,0],[1.5,0],[0,-2.75]]}"#
        )
        let values = try answer.results()[0].required("log_prob", expected: "").elements()
        #expect(values.map(\.value.kind) == [.number, .null, .null])
    }

    @Test func `lists of thetas of different lengths are answered together`() throws {
        let client = try InMemoryClient()
        let answer = client.post(
            "/v1/models/flow/log_prob",
            #"{"observations":[[1,2,3],[3,2,1],[1,1,1]],"theta":[[[0,0]],[[0,0],[0.5,1]],[[0.1,0.2]]]}"#
        )
        let results = try answer.results().map {
            try $0.required("log_prob", expected: "").doubles()
        }
        #expect(results.map(\.count) == [1, 2, 1])
        for (x, theta, expected) in [
            ("[1,2,3]", "[[0,0]]", results[0]), ("[3,2,1]", "[[0,0],[0.5,1]]", results[1]),
            ("[1,1,1]", "[[0.1,0.2]]", results[2]),
        ] {
            let alone = client.post(
                "/v1/models/flow/log_prob",
                #"{"observation":\#(x),"theta":\#(theta)}"#
            )
            #expect(try alone.results()[0].required("log_prob", expected: "").doubles() == expected)
        }
    }

    @Test func `the list says what a first request needs`() throws {
        let models = try InMemoryClient().get("/v1/models").json()
            .required("models", expected: "").elements().map { try $0.object() }
        #expect(
            try models.map { try $0.required("name", expected: "").string() } == [
                "flow", "mixture",
            ]
        )
        #expect(try models[0].required("version", expected: "").integer(in: 0...9) == 3)
        #expect(try models[0].required("versions", expected: "").integers(in: 0...9) == [1, 3])
        #expect(try models[0].required("x_shape", expected: "").integers(in: 0...9) == [3, 1])
        #expect(try models[0].required("theta_names", expected: "").strings() == ["θ₁", "mass"])
    }

    @Test func `a card holds all metadata and the evaluation`() throws {
        let client = try InMemoryClient()
        let card = try client.get("/v1/models/flow").json()
        #expect(try card.required("version", expected: "").integer(in: 0...9) == 3)
        #expect(
            try card.required("evaluation", expected: "").object().required("c2st", expected: "")
                .double() == 0.5
        )
        for name in [
            "estimator", "theta", "x", "prior", "data_scale", "training", "calibration",
            "format_version",
        ] {
            _ = try card.required(name, expected: name)
        }
        let training = try card.required("training", expected: "").object()
        #expect(try training.required("defense", expected: "").string() == "fim")
        let older = try client.get("/v1/models/flow/versions/1").json()
        #expect(older.optional("evaluation") == nil ? true : false)
        #expect(try older.required("versions", expected: "").integers(in: 0...9) == [1, 3])
    }

    /// Observations so far out that the network's arithmetic may overflow: numbers or an error,
    /// but never NaN or infinity in the answer.
    @Test(arguments: ["3e38", "-3e38", "1e30", "-1e20"])
    func `extreme observations never put NaN into an answer`(value: String) throws {
        let client = try InMemoryClient()
        for (model, count) in [("flow", 3), ("mixture", 4)] {
            let x = "[" + Array(repeating: value, count: count).joined(separator: ",") + "]"
            let answer = client.post(
                "/v1/models/\(model)/sample",
                #"{"observations":[\#(x),\#(x)],"log_prob":true,"output":"both","num_samples":20}"#
            )
            #expect(answer.status == 200)
            _ = try answer.json()
            for result in try answer.results() where result.optional("error") == nil {
                let draws = try result.required("samples", expected: "").elements()
                #expect(try draws.allSatisfy { try $0.doubles().count == 2 })
            }
        }
    }
}
