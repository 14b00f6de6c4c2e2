import Estimators
import PosteriorAPI
import StrictJSON
import Testing

/// Requests for Fisher information and attacks that must be refused.
@Suite struct BadAttackTests {
    static let fisher = [
        BadBody("{}", "missing_field", "observations", "2 numbers"),
        BadBody(#"{"observation":[1]}"#, "invalid_observation", "observation", "2 numbers"),
        BadBody(
            #"{"observation":[1,2],"num_samples":1}"#,
            "invalid_field",
            "num_samples",
            "2 to 100000",
            "the number 1"
        ),
        BadBody(
            #"{"observation":[1,2],"num_samples":100001}"#,
            "invalid_field",
            "num_samples",
            "2 to 100000"
        ),
        BadBody(
            #"{"observation":[1,2],"matrix":1}"#,
            "invalid_field",
            "matrix",
            "true or false"
        ),
        BadBody(#"{"observation":[1,2],"seed":-1}"#, "invalid_field", "seed"),
        BadBody(#"{"observation":[1,2],"epsilon":1}"#, "unknown_field", "epsilon"),
    ]

    static let attack = [
        BadBody(#"{"observation":[1,2]}"#, "missing_field", "epsilon", "a positive number"),
        BadBody(#"{"epsilon":1}"#, "missing_field", "observations"),
        BadBody(#"{"observation":[1,2],"epsilon":0}"#, "invalid_field", "epsilon", "above 0"),
        BadBody(#"{"observation":[1,2],"epsilon":-0.5}"#, "invalid_field", "epsilon", "-0.5"),
        BadBody(#"{"observation":[1,2],"epsilon":NaN}"#, "invalid_json", "epsilon", "NaN"),
        BadBody(#"{"observation":[1,2],"epsilon":Infinity}"#, "invalid_json", "epsilon"),
        BadBody(#"{"observation":[1,2],"epsilon":1e400}"#, "invalid_field", "epsilon", "float64"),
        BadBody(#"{"observation":[1,2],"epsilon":1e-400}"#, "invalid_field", "epsilon", "above 0"),
        BadBody(
            #"{"observation":[1,2],"epsilon":1001}"#,
            "invalid_field",
            "epsilon",
            "data scales",
            "1000"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1e13,"epsilon_unit":"absolute"}"#,
            "invalid_field",
            "epsilon",
            "units of x"
        ),
        BadBody(#"{"observation":[1,2],"epsilon":"1"}"#, "invalid_field", "epsilon", "a number"),
        BadBody(#"{"observation":[1,2],"epsilon":[1]}"#, "invalid_field", "epsilon", "a number"),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"epsilon_unit":"sd"}"#,
            "invalid_field",
            "epsilon_unit",
            #""data_scale" or "absolute""#,
            #""sd""#
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"norm":"l1"}"#,
            "invalid_field",
            "norm",
            #""l2" or "linf""#,
            #""l1""#
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"method":"cw"}"#,
            "invalid_field",
            "method",
            #""pgd", "adaptive", "fgsm", "eigenvector" or "noise""#
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"method":7}"#,
            "invalid_field",
            "method",
            "a string"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"kl"}"#,
            "invalid_field",
            "objective",
            "kl_clean_attacked"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"nll"}"#,
            "missing_field",
            "theta",
            "2 numbers"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"theta":[0,0]}"#,
            "invalid_field",
            "theta",
            #""objective": "nll""#
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"nll","theta":[0]}"#,
            "invalid_observation",
            "theta",
            "2 numbers"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"nll","theta":[[0,0]]}"#,
            "invalid_observation",
            "theta"
        ),
        BadBody(
            #"{"observations":[[1,2]],"epsilon":1,"objective":"nll","theta":[0,0]}"#,
            "invalid_field",
            "theta",
            "a list of 1"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"nll","theta":[0,1.5]}"#,
            "invalid_observation",
            "theta",
            "inside the prior"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"objective":"target","target":[1]}"#,
            "invalid_observation",
            "target",
            "2 numbers"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"steps":0}"#,
            "invalid_field",
            "steps",
            "1 to 10000"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"steps":10,"method":"noise"}"#,
            "invalid_field",
            "steps",
            "noise"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"restarts":2,"method":"eigenvector"}"#,
            "invalid_field",
            "restarts",
            "eigenvector"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"step_size":0}"#,
            "invalid_field",
            "step_size",
            "above 0"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"restarts":65}"#,
            "invalid_field",
            "restarts",
            "1 to 64"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"num_samples":1001}"#,
            "invalid_field",
            "num_samples",
            "1 to 1000"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"evaluation_samples":1}"#,
            "invalid_field",
            "evaluation_samples",
            "2 to 10000"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"clip":[2,1]}"#,
            "invalid_field",
            "clip",
            "the lower first"
        ),
        BadBody(#"{"observation":[1,2],"epsilon":1,"clip":[1]}"#, "invalid_field", "clip"),
        BadBody(#"{"observation":[1,2],"epsilon":1,"clip":[0,"1"]}"#, "invalid_field", "clip[1]"),
        BadBody(#"{"observation":[1,2],"epsilon":1,"clip":[0,1e39]}"#, "invalid_field", "clip"),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"steps":10000,"num_samples":1000}"#,
            "invalid_field",
            "steps",
            "at most 10000000",
            "1 × 10000768"
        ),
        BadBody(
            #"{"observation":[1,2],"epsilon":1,"epsilons":1}"#,
            "unknown_field",
            "epsilons",
            "did you mean epsilon?"
        ),
    ]

    static let robustness = [
        BadBody(#"{"observation":[1,2]}"#, "missing_field", "epsilon", "1 to 16"),
        BadBody(#"{"observation":[1,2],"epsilon":1}"#, "invalid_field", "epsilon", "a list"),
        BadBody(#"{"observation":[1,2],"epsilon":[]}"#, "invalid_field", "epsilon", "1 to 16"),
        BadBody(
            #"{"observation":[1,2],"epsilon":[\#(Array(repeating: "1", count: 17).joined(separator: ","))]}"#,
            "invalid_field",
            "epsilon",
            "1 to 16",
            "a list of 17"
        ),
        BadBody(#"{"observation":[1,2],"epsilon":[1,0]}"#, "invalid_field", "epsilon[1]"),
        BadBody(#"{"observation":[1,2],"epsilon":[1,"a"]}"#, "invalid_field", "epsilon[1]"),
        BadBody(#"{"observation":[1,2],"epsilon":[NaN]}"#, "invalid_json", "epsilon[0]"),
        BadBody(#"{"observation":[1,2],"epsilon":[1],"steps":1e9}"#, "invalid_field", "steps"),
        BadBody(
            #"{"observation":[1,2],"epsilon":[1,2],"steps":10000,"num_samples":1000}"#,
            "invalid_field",
            "steps",
            "at most 10000000"
        ),
        BadBody(#"{"observation":[1,2],"epsilon":[1],"norm":"l2"}"#, "unknown_field", "norm"),
        BadBody(#"{"observation":[1,2],"epsilon":[1],"method":"pgd"}"#, "unknown_field", "method"),
    ]

    private func check(_ call: String, _ bad: BadBody) throws {
        let client = try LinearModel.client(support: .truncated)
        let answer = client.post("/v1/models/linear/\(call)", bad.body)
        #expect(answer.status == 400, "\(answer.text)")
        let error = try answer.error()
        #expect(error.code == bad.code, "\(error.message)")
        #expect(error.field == bad.field, "\(error.message)")
        for part in bad.parts { #expect(error.message.contains(part), "\(error.message)") }
    }

    @Test(arguments: fisher)
    func `a bad fisher request names field, rule and finding`(bad: BadBody) throws {
        try check("fisher", bad)
    }

    @Test(arguments: attack)
    func `a bad attack request names field, rule and finding`(bad: BadBody) throws {
        try check("attack", bad)
    }

    @Test(arguments: robustness)
    func `a bad robustness request names field, rule and finding`(bad: BadBody) throws {
        try check("robustness", bad)
    }

    @Test(arguments: ["attack", "robustness"])
    func `a model without a data scale takes absolute sizes alone`(call: String) throws {
        let client = try LinearModel.client(dataScale: nil)
        let epsilon = call == "attack" ? "0.1" : "[0.1]"
        for unit in ["", #","epsilon_unit":"data_scale""#] {
            let answer = client.post(
                "/v1/models/linear/\(call)",
                #"{"observation":[1,2],"epsilon":\#(epsilon)\#(unit)}"#
            )
            #expect(answer.status == 400)
            #expect(try answer.error().field == "epsilon_unit")
            #expect(try answer.error().message.contains("no data scale"))
        }
        let absolute = client.post(
            "/v1/models/linear/\(call)",
            #"{"observation":[1,2],"epsilon":\#(epsilon),"epsilon_unit":"absolute","steps":2}"#
        )
        #expect(absolute.status == 200, "\(absolute.text)")
    }

    @Test func `goals in a batch fail alone`() throws {
        let client = try LinearModel.client(support: .truncated)
        let answer = client.post(
            "/v1/models/linear/attack",
            #"{"observations":[[1,2],[1,2],[1,2]],"theta":[[0,0],[0,7],[0]],"objective":"nll","epsilon":1,"steps":2}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let results = try answer.results()
        #expect(results[0].optional("error") == nil)
        for index in 1...2 {
            let error = try results[index].required("error", expected: "").object()
            #expect(try error.required("field", expected: "").string() == "theta[\(index)]")
        }
    }

    @Test func `draws that would not fit into memory are refused`() throws {
        var limits = ServiceLimits()
        limits.numbers = 10_000
        let client = try LinearModel.client(limits: limits)
        // 1 + 2 parameters + 2 entries of x.
        let answer = client.post(
            "/v1/models/linear/fisher",
            #"{"observation":[1,2],"num_samples":2001}"#
        )
        #expect(answer.status == 400)
        #expect(try answer.error().message.contains("2001 × 5 = 10005"))
    }
}
