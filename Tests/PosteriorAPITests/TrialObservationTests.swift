import StrictJSON
import Testing

/// Observations of a model over up to four trials of three numbers.
@Suite struct TrialObservationTests {
    private func answer(_ observation: String) throws -> InMemoryClient.Answer {
        try InMemoryClient(fixture: "embedding-trials-sum").post(
            "/v1/models/model/sample",
            #"{"observation":\#(observation),"num_samples":3,"seed":1}"#
        )
    }

    @Test func `trials may come flat or nested, all of them or fewer`() throws {
        let nested = try answer("[[1,2,3],[-1,0.5,2]]")
        #expect(nested.status == 200, "\(nested.text)")
        #expect(try answer("[1,2,3,-1,0.5,2]").text == nested.text)
        let three = try answer("[[1,2,3],[-1,0.5,2],[0,0,0]]")
        #expect(three.status == 200)
        #expect(three.text != nested.text)
        #expect(try answer("[1,2,3,4,5,6,7,8,9,10,11,12]").status == 200)
    }

    @Test(arguments: [
        ("[]", "observation"), ("[1,2]", "observation"), ("[[1,2,3],[4,5]]", "observation[1]"),
        ("[[1,2,3],[4,5,6],[7,8,9],[1,2,3],[4,5,6]]", "observation"),
        ("[[1,2,3],[4,null,6]]", "observation[1][1]"), ("7", "observation"),
        ("[[1,2,3],4]", "observation[1]"),
        ("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "observation"),
    ])
    func `other observations are refused by name`(observation: String, field: String) throws {
        let answer = try answer(observation)
        #expect(answer.status == 400)
        #expect(try answer.error().field == field)
    }

    @Test func `a short observation does not move its neighbours`() throws {
        let client = try InMemoryClient(fixture: "embedding-trials-sum")
        let both = client.post(
            "/v1/models/model/log_prob",
            #"{"observations":[[[1,2,3]],[[1,2,3],[4,5,6]]],"theta":[[[0,1]],[[0,1]]]}"#
        )
        let alone = client.post(
            "/v1/models/model/log_prob",
            #"{"observation":[[1,2,3],[4,5,6]],"theta":[[0,1]]}"#
        )
        let first = try both.results()[1].required("log_prob", expected: "").doubles()
        let second = try alone.results()[0].required("log_prob", expected: "").doubles()
        #expect(first == second)
    }
}
