import FoundationEssentials
import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import Testing

/// What bad observations and bad thetas do to the others of their request.
@Suite struct BatchErrorTests {
    @Test func `one bad observation in a batch fails alone`() throws {
        let client = try InMemoryClient()
        let answer = client.post(
            "/v1/models/flow/sample",
            #"{"observations":[[1,2,3],[1,2],[1,1e400,3],[4,5,6],["a",2,3]],"num_samples":4,"seed":9}"#
        )
        #expect(answer.status == 200)
        let results = try answer.results()
        #expect(results.count == 5)
        for (index, field) in [
            (1, "observations[1]"), (2, "observations[2][1]"), (4, "observations[4][0]"),
        ] {
            let error = try results[index].required("error", expected: "").object()
            #expect(try error.required("code", expected: "").string() == "invalid_observation")
            #expect(try error.required("field", expected: "").string() == field)
            #expect(results[index].optional("samples") == nil ? true : false)
        }
        // The good ones answer as they do alone.
        for (index, body) in [(0, "[1,2,3]"), (3, "[4,5,6]")] {
            let alone = client.post(
                "/v1/models/flow/sample",
                "{\"observation\":\(body),\"num_samples\":4,\"seed\":9}"
            )
            let expected = try alone.results()[0].required("samples", expected: "").value.text
            #expect(try results[index].required("samples", expected: "").value.text == expected)
        }
    }

    @Test func `one bad theta in a batch fails alone`() throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/log_prob",
            #"{"observations":[[1,2,3],[1,2,3],[1]],"theta":[[[0,0]],[[0]],[[0,0]]]}"#
        )
        #expect(answer.status == 200)
        let results = try answer.results()
        #expect(results[0].optional("log_prob") != nil ? true : false)
        #expect(
            try results[1].required("error", expected: "").object().required("field", expected: "")
                .string() == "theta[1][0]"
        )
        #expect(
            try results[2].required("error", expected: "").object().required("field", expected: "")
                .string() == "observations[2]"
        )
    }

    @Test func `a batch of nothing but bad observations lists their errors`() throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/sample",
            #"{"observations":[[1],[2]]}"#
        )
        #expect(answer.status == 200)
        #expect(try answer.results().allSatisfy { $0.optional("error") != nil ? true : false })
    }

    @Test func `errors take no room for the draws that there are none of`() throws {
        let before = try addressSpacePeak()
        let bad = Array(repeating: "null", count: 40).joined(separator: ",")
        let answer = try InMemoryClient().post(
            "/v1/models/flow/sample",
            "{\"observations\":[\(bad)],\"num_samples\":10000000}"
        )
        #expect(answer.status == 200)
        #expect(try answer.results().count == 40)
        // Room for 400 million draws would be 15 GB.
        #expect(try addressSpacePeak() < before + 4_000_000)
    }

    /// The most address space this process ever had, in KiB.
    private func addressSpacePeak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}
