import Estimators
import Glibc
import PosteriorAPI
import StrictJSON
import Testing

/// Models with mass outside the prior: exactly half of the normal that is asked here.
@Suite struct TruncationTests {
    private func result(_ call: String, _ body: String, index: Int = 0) throws -> JSONFields {
        let client = try InMemoryClient(gaussian: .truncated)
        let answer = client.post("/v1/models/gaussian/\(call)", body)
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.results()[index]
    }

    @Test func `draws lie inside the prior, and the rate they were accepted with is told`() throws {
        let fields = try result(
            "sample",
            #"{"observation":[1,2,3,4],"num_samples":4000,"seed":3,"log_prob":true}"#
        )
        let rate = try fields.required("acceptance_rate", expected: "").double()
        let error = try fields.required("acceptance_rate_standard_error", expected: "").double()
        #expect(abs(rate - 0.5) < 4 * error)
        #expect(abs(error - 0.005) < 1e-4)
        #expect(try fields.required("num_samples", expected: "").integer(in: 0...9999) == 4000)
        let samples = try fields.required("samples", expected: "").elements().map {
            try $0.doubles()
        }
        #expect(samples.count == 4000)
        #expect(samples.allSatisfy { abs($0[0]) <= 10 && $0[1] >= -6 && $0[1] <= 14 })
        // A half-normal of scale 2 has the mean 2 √(2/π) above its edge.
        let mean = samples.reduce(0) { $0 + $1[1] } / 4000
        #expect(abs(mean - (-6 + 2 * (2 / Double.pi).squareRoot())) < 4 * 1.21 / 63)
        let logProb = try fields.required("log_prob", expected: "").doubles()
        for (theta, value) in zip(samples, logProb) {
            let z = (2 * theta[0] - 1, theta[1] / 2 + 3)
            let exact = -(z.0 * z.0 + z.1 * z.1) / 2 - log(2 * Double.pi) + log(2.0)
            #expect(abs(value - exact) < 4 * error / 0.5 + 1e-4)
        }
    }

    @Test func `densities are divided by the same rate, alone and in a batch, unless refused`()
        throws
    {
        let alone = try result(
            "log_prob",
            #"{"observation":[1,2,3,4],"theta":[[1,-5],[1,-7]]}"#
        )
        let batch = try result(
            "log_prob",
            #"{"observations":[[0,0,0,0],[1,2,3,4]],"theta":[[[0,0]],[[1,-5],[1,-7]]]}"#,
            index: 1
        )
        let raw = try result(
            "log_prob",
            #"{"observation":[1,2,3,4],"theta":[[1,-5]],"normalized":false}"#
        )
        let sample = try result("sample", #"{"observation":[1,2,3,4],"num_samples":5,"seed":1}"#)
        let rate = try alone.required("acceptance_rate", expected: "").double()
        for fields in [batch, sample] {
            #expect(try fields.required("acceptance_rate", expected: "").double() == rate)
        }
        let values = try alone.required("log_prob", expected: "").elements()
        #expect(values[1].value.kind == .null)
        let density = try values[0].double()
        #expect(
            try batch.required("log_prob", expected: "").elements()[0].double() == density
        )
        let trained = try raw.required("log_prob", expected: "").doubles()[0]
        #expect(abs(density - (trained - log(rate))) < 1e-5)
        #expect(raw.optional("acceptance_rate") == nil)
    }

    @Test func `fewer draws are the first of more`() throws {
        let few = try result("sample", #"{"observation":[1,2,3,4],"num_samples":7,"seed":5}"#)
        let many = try result("sample", #"{"observation":[1,2,3,4],"num_samples":900,"seed":5}"#)
        let first = try few.required("samples", expected: "").elements().map { try $0.doubles() }
        let all = try many.required("samples", expected: "").elements().map { try $0.doubles() }
        #expect(first == Array(all.prefix(7)))
    }
}
