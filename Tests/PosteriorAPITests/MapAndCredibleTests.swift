import Distributions
import Estimators
import Glibc
import ModelStore
import PosteriorAPI
import StrictJSON
import Testing

/// `POST …/map` and `POST …/credible`.
@Suite struct MapAndCredibleTests {
    /// The smallest region of a normal posterior that holds theta is the ball of its Mahalanobis
    /// distance r: in two dimensions it holds 1 − exp(−r² / 2), the chi-square distribution.
    @Test func `levels of a normal are those of the chi-square distribution`() throws {
        let client = try InMemoryClient(gaussian: .unconstrained)
        // z = (2 θ₀ − 1, θ₁ / 2 + 3).
        let distances = [0.0, 0.3, 1, 1.5, 2, 3, 30]
        let theta = distances.map { "[\(0.5 + 0.3 * $0),\(-6 + 1.6 * $0)]" }
        let answer = client.post(
            "/v1/models/gaussian/credible",
            #"{"observation":[1,2,3,4],"theta":[\#(theta.joined(separator: ","))],"seed":2,"num_samples":40000}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let result = try answer.results()[0]
        let levels = try result.required("level", expected: "").doubles()
        let errors = try result.required("level_standard_error", expected: "").doubles()
        for (index, r) in distances.enumerated() {
            let expected = 1 - exp(-r * r / 2)
            #expect(abs(levels[index] - expected) < 4 * errors[index], "r = \(r)")
            let binomial = (expected * (1 - expected) / 40000).squareRoot()
            #expect(errors[index] > 0 && errors[index] < 1.2 * binomial + 2e-5)
        }
    }

    /// Half of the mass of the second parameter's normal lies outside the prior's box: the level is
    /// that of the truncated posterior, and the map its mode, on the edge.
    @Test func `a truncated posterior has levels and a maximum inside the prior`() throws {
        let client = try InMemoryClient(gaussian: .truncated)
        let answer = client.post(
            "/v1/models/gaussian/credible",
            #"{"observation":[1,2,3,4],"theta":[[1,-6],[0.5,-6.5]],"seed":2,"num_samples":40000}"#
        )
        let result = try answer.results()[0]
        let levels = try result.required("level", expected: "").doubles()
        let errors = try result.required("level_standard_error", expected: "").doubles()
        // The half-plane θ₁ > −6 cuts each disc in halves.
        #expect(abs(levels[0] - (1 - exp(-0.5))) < 4 * errors[0])
        #expect(levels[1] == 1 && errors[1] == 0)
        // Rejected draws are replaced by others, so the level is as sure as asked.
        #expect(try result.required("num_samples", expected: "").integer(in: 0...99999) == 40000)
        #expect(abs(errors[0] - (levels[0] * (1 - levels[0]) / 40002).squareRoot()) < 1e-6)
        let rate = try result.required("acceptance_rate", expected: "").double()
        let density = client.post(
            "/v1/models/gaussian/log_prob",
            #"{"observation":[1,2,3,4],"theta":[[1,-6]]}"#
        )
        #expect(
            try density.results()[0].required("acceptance_rate", expected: "").double() == rate
        )
        let map = client.post(
            "/v1/models/gaussian/map",
            #"{"observation":[1,2,3,4],"seed":2}"#
        )
        let theta = try map.results()[0].required("theta", expected: "").doubles()
        #expect(abs(theta[0] - 0.5) < 0.01)
        #expect(theta[1] > -6 && theta[1] < -5.9)
    }

    @Test func `the map of a normal is its mean`() throws {
        let client = try InMemoryClient(gaussian: .unconstrained)
        let answer = client.post("/v1/models/gaussian/map", #"{"observation":[1,2,3,4]}"#)
        let result = try answer.results()[0]
        let theta = try result.required("theta", expected: "").doubles()
        #expect(abs(theta[0] - 0.5) < 0.005 && abs(theta[1] + 6) < 0.02)
        let logProb = try result.required("log_prob", expected: "").double()
        #expect(abs(logProb + 1.837_877_066_409_345_5) < 1e-4)
        #expect(try result.required("converged", expected: "").boolean())
        #expect(try result.required("starts", expected: "").integer(in: 0...99) == 32)
    }

    @Test(arguments: ["map", "credible"])
    func `an observation in a batch is answered as alone, with the seed that is returned`(
        call: String
    ) throws {
        let client = try InMemoryClient()
        let path = "/v1/models/flow/\(call)"
        func body(_ x: String, _ theta: String, seed: String) -> String {
            let one = x.hasPrefix("[[") ? "observations" : "observation"
            let query = call == "credible" ? #","theta":\#(theta)"# : #","starts":4"#
            return #"{"\#(one)":\#(x)\#(query),"num_samples":200\#(seed)}"#
        }
        let thetas = ["[[0,0]]", "[[0.5,0.1],[2,0]]", "[[0.1,0.1]]"]
        let batch = client.post(
            path,
            body("[[1,2,3],[4,5,6],[1]]", "[\(thetas.joined(separator: ","))]", seed: "")
        )
        #expect(batch.status == 200, "\(batch.text)")
        let seed = try batch.json().required("seed", expected: "").integer(in: 0...UInt64.max)
        let results = try batch.json().required("results", expected: "").elements()
        for (index, x) in ["[1,2,3]", "[4,5,6]"].enumerated() {
            let alone = client.post(path, body(x, thetas[index], seed: #","seed":\#(seed)"#))
            let own = try alone.json().required("results", expected: "").elements()[0]
            #expect(own.value.text.elementsEqual(results[index].value.text), "\(alone.text)")
        }
        let error = try results[2].object().required("error", expected: "").object()
        #expect(try error.required("field", expected: "").string() == "observations[2]")
    }

    @Test func `work beyond the limits is refused by field and count`() throws {
        var limits = ServiceLimits()
        limits.evaluations = 5000
        let client = try InMemoryClient(limits: limits)
        let map = client.post(
            "/v1/models/flow/map",
            #"{"observations":[[1,2,3],[1,2,3]],"num_samples":100,"starts":16}"#
        )
        #expect(map.status == 400)
        #expect(try map.error().field == "observations")
        #expect(try map.error().message.contains("2 × 3300 = 6600"))
        let credible = client.post(
            "/v1/models/flow/credible",
            #"{"observation":[1,2,3],"theta":[[0,0]],"num_samples":5001}"#
        )
        #expect(credible.status == 400)
        #expect(try credible.error().field == "num_samples")
        #expect(try credible.error().message.contains("at most 5000 draws"))
    }

    @Test(arguments: ["map", "credible"])
    func `work that takes too long ends with an error of its own`(call: String) throws {
        var limits = ServiceLimits()
        limits.computeTime = .zero
        let client = try InMemoryClient(limits: limits)
        let theta = call == "credible" ? #","theta":[[0,0]]"# : ""
        let answer = client.post("/v1/models/flow/\(call)", #"{"observation":[1,2,3]\#(theta)}"#)
        #expect(answer.status == 503, "\(answer.text)")
        #expect(try answer.error().code == "time_limit")
        #expect(try answer.error().field?.isEmpty == false)
    }
}
