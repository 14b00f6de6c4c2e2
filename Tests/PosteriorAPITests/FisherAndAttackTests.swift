import Estimators
import Glibc
import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import Testing

/// `POST …/fisher`, `POST …/attack` and `POST …/robustness`.
@Suite struct FisherAndAttackTests {
    private func result(
        _ call: String,
        _ body: String,
        _ client: InMemoryClient? = nil,
        index: Int = 0
    ) throws -> JSONFields {
        let answer = try (client ?? LinearModel.client()).post("/v1/models/linear/\(call)", body)
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.results()[index]
    }

    private func number(_ fields: JSONFields, _ name: String) throws -> Double {
        try fields.required(name, expected: "").double()
    }

    // MARK: Fisher

    @Test func `the Fisher information of a linear normal is its closed form`() throws {
        let fields = try result("fisher", #"{"observation":[1,2],"matrix":true,"seed":1}"#)
        #expect(abs(try number(fields, "trace") - 9.25) < 1e-4)
        #expect(try number(fields, "trace_standard_error") == 0)
        #expect(abs(try number(fields, "largest_eigenvalue") - 9) < 1e-4)
        #expect(try number(fields, "largest_eigenvalue_standard_error") == 0)
        let direction = try fields.required("direction", expected: "").doubles()
        #expect(abs(direction[0] - 1) < 1e-4 && abs(direction[1]) < 1e-3)
        let rows = try fields.required("matrix", expected: "").elements().map { try $0.doubles() }
        for (entry, expected) in [(rows[0][0], 9.0), (rows[0][1], 0), (rows[1][1], 0.25)] {
            #expect(abs(entry - expected) < 1e-4)
        }
        #expect(try fields.required("method", expected: "").string() == "closed_form")
        #expect(fields.optional("percentile") == nil && fields.optional("typicality") == nil)
        #expect(try result("fisher", #"{"observation":[1,2]}"#).optional("matrix") == nil)
    }

    @Test func `draws are used where there is no closed form, and their error is told`() throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/fisher",
            #"{"observations":[[[0.1],[0.2],[0.3]],[1],[0.1,0.2,0.3]],"seed":3,"num_samples":200}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let results = try answer.results()
        #expect(try results[0].required("method", expected: "").string() == "monte_carlo")
        #expect(try number(results[0], "trace_standard_error") > 0)
        let trace = try number(results[0], "trace")
        #expect(try number(results[0], "largest_eigenvalue") <= trace * 1.5)
        #expect(try number(results[2], "trace") == trace)
        // A direction is nested as its observation is.
        let direction = try results[0].required("direction", expected: "").elements()
        #expect(try direction[2].doubles().count == 1)
        #expect(try results[2].required("direction", expected: "").doubles().count == 3)
        let error = try results[1].required("error", expected: "").object()
        #expect(try error.required("field", expected: "").string() == "observations[1]")
    }

    @Test func `a calibrated model says how an observation stands`() throws {
        let client = try LinearModel.client(isCalibrated: true)
        for call in [#"fisher"#, #"robustness"#] {
            let epsilon = call == "fisher" ? "" : #","epsilon":[0.1],"steps":2"#
            let usual = try result(call, #"{"observation":[0.1,0]\#(epsilon)}"#, client)
            #expect(try number(usual, "typicality") > 0.8)
            // All traces are the same but for rounding.
            #expect((0...100).contains(try number(usual, "percentile")))
            let far = try result(call, #"{"observation":[0.1,1]\#(epsilon)}"#, client)
            #expect(abs(try number(far, "typicality") - 1.0 / 101) < 1e-12)
        }
    }

    @Test func `thousands of entries need no matrix, and get none`() throws {
        let client = try LinearModel.client(xShape: [3, 800])
        let x = "[" + Array(repeating: "0.5", count: 2400).joined(separator: ",") + "]"
        let fields = try result("fisher", #"{"observation":\#(x)}"#, client)
        #expect(abs(try number(fields, "largest_eigenvalue") - 9) < 1e-3)
        #expect(try fields.required("direction", expected: "").doubles().count == 2400)
        let matrix = client.post(
            "/v1/models/linear/fisher",
            #"{"observation":\#(x),"matrix":true}"#
        )
        #expect(matrix.status == 400)
        #expect(try matrix.error().field == "matrix")
        #expect(try matrix.error().message.contains("2400"))
        let attack = try result(
            "attack",
            #"{"observation":\#(x),"epsilon":0.1,"method":"eigenvector","seed":1}"#,
            client
        )
        // ½ ε² s² λmax.
        let kl = try number(attack, "kl_clean_attacked")
        #expect(abs(kl - 0.5 * 0.04 * 9) < 0.01)
    }

    // MARK: Attack

    @Test(arguments: ["pgd", "adaptive", "eigenvector"])
    func `the worst perturbation of a linear normal is found`(method: String) throws {
        let fields = try result(
            "attack",
            #"{"observation":[1,2],"epsilon":0.5,"method":"\#(method)","seed":2}"#
        )
        // The data scale is 2.
        #expect(try number(fields, "epsilon_absolute") == 1)
        #expect(abs(try number(fields, "perturbation_norm") - 1) < 1e-5)
        for name in ["kl_clean_attacked", "kl_attacked_clean", "objective"] {
            #expect(abs(try number(fields, name) - 4.5) < 0.02)
            #expect(try number(fields, "\(name)_standard_error") == 0)
        }
        let found = try fields.required("adversarial_observation", expected: "").doubles()
        #expect(abs(abs(found[0] - 1) - 1) < 0.01 && abs(found[1] - 2) < 0.1)
    }

    @Test func `unit, norm and clip mean what they say`() throws {
        let absolute = try result(
            "attack",
            #"{"observation":[1,2],"epsilon":1,"epsilon_unit":"absolute","norm":"linf","seed":2}"#
        )
        #expect(try number(absolute, "epsilon_absolute") == 1)
        // Both entries move by 1.
        #expect(abs(try number(absolute, "kl_clean_attacked") - 0.5 * 9.25) < 0.02)
        let clipped = try result(
            "attack",
            #"{"observation":[1,2],"epsilon":1,"clip":[0.5,2.5],"restarts":4,"seed":2}"#
        )
        let found = try clipped.required("adversarial_observation", expected: "").doubles()
        #expect(found.allSatisfy { $0 >= 0.5 && $0 <= 2.5 })
        #expect(try number(clipped, "kl_clean_attacked") <= 0.5 * 9.25 * 2.25 + 1e-3)
    }

    @Test func `parameters are made unlikely, and targets approached`() throws {
        let unlikely = try result(
            "attack",
            #"{"observation":[1,2],"epsilon":0.5,"objective":"nll","theta":[3.1,1],"seed":2}"#
        )
        let found = try unlikely.required("adversarial_observation", expected: "").doubles()
        // Away from the theta, which lies above the mean.
        #expect(found[0] < 0.2)
        #expect(try number(unlikely, "objective") > 4)
        let near = try result(
            "attack",
            #"{"observations":[[1,2],[9,9]],"target":[[1.5,2],[9,9]],"epsilon":0.5,"objective":"target","seed":2}"#
        )
        let moved = try near.required("adversarial_observation", expected: "").doubles()
        #expect(abs(moved[0] - 1.5) < 0.15)
        #expect(try number(near, "objective") > -0.1)
        let apart = try result(
            "attack",
            #"{"observation":[1,2],"epsilon":0.5,"objective":"mmd","num_samples":200,"seed":2}"#
        )
        #expect(try number(apart, "objective") > 0.2)
        #expect(try number(apart, "objective_standard_error") > 0)
    }

    @Test(arguments: ["[[1],[2],[3]]", "[1,2,3]"])
    func `an attacked observation is nested as it was posted`(x: String) throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/attack",
            #"{"observation":\#(x),"epsilon":0.1,"steps":3,"seed":1}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let found = try answer.results()[0].required("adversarial_observation", expected: "")
        #expect(try found.elements().count == 3)
        #expect(found.value.isNumberArray == !x.hasPrefix("[["))
    }

    @Test func `missing trials stay missing`() throws {
        let client = try InMemoryClient(fixture: "embedding-trials-sum")
        for (call, name) in [("attack", "adversarial_observation"), ("fisher", "direction")] {
            let epsilon =
                call == "attack" ? #","epsilon":0.1,"epsilon_unit":"absolute","steps":3"# : ""
            let answer = client.post(
                "/v1/models/model/\(call)",
                #"{"observation":[[1,2,3],[-1,0.5,2]],"seed":1\#(epsilon)}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            let rows = try answer.results()[0].required(name, expected: "").elements()
            #expect(try rows.map { try $0.doubles().count } == [3, 3])
        }
        let matrix = client.post(
            "/v1/models/model/fisher",
            #"{"observation":[[1,2,3],[-1,0.5,2]],"matrix":true}"#
        )
        let rows = try matrix.results()[0].required("matrix", expected: "").elements()
        #expect(try rows.map { try $0.doubles().count } == Array(repeating: 6, count: 6))
    }

    // MARK: Robustness

    @Test func `robustness of a linear normal is its closed form`() throws {
        let fields = try result(
            "robustness",
            #"{"observation":[1,2],"epsilon":[0.05,0.5,0.1],"seed":2}"#
        )
        #expect(abs(try number(fields, "fisher_trace") - 9.25) < 1e-4)
        #expect(abs(try number(fields, "largest_eigenvalue") - 9) < 1e-4)
        let levels = try fields.required("levels", expected: "").elements().map { try $0.object() }
        var lowest = 1.0
        for (level, epsilon) in zip(levels, [0.05, 0.5, 0.1]) {
            let radius = 2 * epsilon
            #expect(try number(level, "epsilon") == epsilon)
            #expect(try number(level, "epsilon_absolute") == radius)
            #expect(abs(try number(level, "predicted_kl") - 4.5 * radius * radius) < 1e-4)
            #expect(abs(try number(level, "trace_bound_kl") - 4.625 * radius * radius) < 1e-4)
            let divergence = try number(level, "attack_kl")
            #expect(abs(divergence / (4.5 * radius * radius) - 1) < 0.01)
            #expect(try number(level, "noise_kl") < divergence)
            let score = 1 - (1 - exp(-divergence)).squareRoot()
            #expect(abs(try number(level, "score") - score) < 1e-9)
            lowest = min(lowest, score)
        }
        #expect(abs(try number(fields, "score") - lowest) < 1e-9)
        let shift = try fields.required("parameter_shift", expected: "").doubles()
        #expect(abs(abs(shift[0]) - 3) < 0.1 && abs(shift[1]) < 0.1)
        let answer = try LinearModel.client().post(
            "/v1/models/linear/robustness",
            #"{"observation":[1,2],"epsilon":[0.1],"steps":1}"#
        )
        #expect(try answer.json().required("note", expected: "").string().contains("not proof"))
    }

    @Test func `a truncated model is attacked as it was trained`() throws {
        let client = try LinearModel.client(support: .truncated)
        let fields = try result("attack", #"{"observation":[1,2],"epsilon":0.5}"#, client)
        #expect(abs(try number(fields, "kl_clean_attacked") - 4.5) < 0.02)
    }

    // MARK: What all three share

    @Test(arguments: ["fisher", "attack", "robustness"])
    func `an observation in a batch is answered as alone, with the seed that is returned`(
        call: String
    ) throws {
        let client = try InMemoryClient()
        let path = "/v1/models/flow/\(call)"
        let rest =
            switch call {
            case "fisher": #""num_samples":50"#
            case "attack": #""epsilon":0.2,"steps":4,"restarts":2"#
            default: #""epsilon":[0.2,0.1],"steps":4"#
            }
        let batch = client.post(path, #"{"observations":[[1,2,3],[1],[4,5,6]],\#(rest)}"#)
        #expect(batch.status == 200, "\(batch.text)")
        let seed = try batch.json().required("seed", expected: "").integer(in: 0...UInt64.max)
        let results = try batch.json().required("results", expected: "").elements()
        for (index, x) in [(0, "[1,2,3]"), (2, "[4,5,6]")] {
            let alone = client.post(path, #"{"observation":\#(x),"seed":\#(seed),\#(rest)}"#)
            let own = try alone.json().required("results", expected: "").elements()[0]
            #expect(own.value.text.elementsEqual(results[index].value.text), "\(alone.text)")
        }
        let error = try results[1].object().required("error", expected: "").object()
        #expect(try error.required("field", expected: "").string() == "observations[1]")
        // Neither does it matter who helps.
        var request = HTTPRequest(method: .post, scheme: "http", authority: "t", path: path)
        request.headerFields[.contentType] = "application/json"
        let body = Array(#"{"observation":[1,2,3],"seed":\#(seed),\#(rest)}"#.utf8)
        let helped = client.send(request, body: body, idleWorkers: 3)
        let own = try helped.json().required("results", expected: "").elements()[0]
        #expect(own.value.text.elementsEqual(results[0].value.text))
    }

    @Test(arguments: ["fisher", "attack", "robustness"])
    func `work that takes too long ends with an error of its own`(call: String) throws {
        var limits = ServiceLimits()
        limits.computeTime = .zero
        let client = try LinearModel.client(limits: limits)
        let epsilon = ["fisher": "", "attack": #","epsilon":1"#, "robustness": #","epsilon":[1]"#]
        let rest = epsilon[call] ?? ""
        let alone = client.post("/v1/models/linear/\(call)", #"{"observation":[1,2]\#(rest)}"#)
        #expect(alone.status == 503, "\(alone.text)")
        #expect(try alone.error().code == "time_limit")
        let batch = client.post(
            "/v1/models/linear/\(call)",
            #"{"observations":[[1,2],[1]]\#(rest)}"#
        )
        #expect(batch.status == 200)
        let codes = try batch.results().map {
            try $0.required("error", expected: "").object().required("code", expected: "").string()
        }
        #expect(codes == ["time_limit", "invalid_observation"])
    }

    @Test(arguments: ["fisher", "attack", "robustness"])
    func `work that nobody waits for ends at once`(call: String) throws {
        let client = try LinearModel.client()
        let epsilon = ["fisher": "", "attack": #","epsilon":1"#, "robustness": #","epsilon":[1]"#]
        let cancellation = Cancellation()
        cancellation.cancel()
        var request = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "t",
            path: "/v1/models/linear/\(call)"
        )
        request.headerFields[.contentType] = "application/json"
        let answer = client.send(
            request,
            body: Array(#"{"observations":[[1,2],[3,4]]\#(epsilon[call] ?? "")}"#.utf8),
            cancellation: cancellation
        )
        #expect(answer.status == 499)
        #expect(try answer.error().code == "cancelled")
    }

    @Test func `numbers that are none are null or an error, never NaN`() throws {
        let client = try LinearModel.client()
        let far = client.post(
            "/v1/models/linear/attack",
            #"{"observation":[3e38,2],"epsilon":1}"#
        )
        #expect([200, 422].contains(far.status), "\(far.text)")
        let fisher = client.post("/v1/models/linear/fisher", #"{"observation":[3e38,2]}"#)
        #expect([200, 422].contains(fisher.status), "\(fisher.text)")
    }
}
