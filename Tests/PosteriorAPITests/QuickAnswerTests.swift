import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import Testing

@Suite struct QuickAnswerTests {
    /// Long enough for any machine, so that all small requests are quick.
    private func client(loopTime: Duration = .seconds(10)) throws -> InMemoryClient {
        try InMemoryClient(limits: ServiceLimits(loopTime: loopTime))
    }

    private func quick(_ client: InMemoryClient, _ path: String, _ body: String) -> [UInt8]? {
        let request = HTTPRequest(method: .post, scheme: "http", authority: "t", path: path)
        return client.service.answerQuickly([InMemoryClient.admitted(request, body)])[0]?.body
    }

    @Test(arguments: [
        ("sample", #"{"observation":[1,2,3],"num_samples":1,"seed":7,"log_prob":true}"#),
        ("sample", #"{"observations":[[1,2,3],[4,5,6]],"num_samples":8,"seed":7}"#),
        ("sample", #"{"observation":[1,2,3],"num_samples":16,"seed":7,"output":"both"}"#),
        ("sample", #"{"observation":[1,2],"num_samples":1}"#), ("sample", "{"),
        ("log_prob", #"{"observation":[1,2,3],"theta":[[0.1,0.2],[0.3,0.4]]}"#),
    ])
    func `a quick answer has the bytes of a worker's`(call: String, body: String) throws {
        let client = try client()
        for model in ["flow", "mixture"] {
            let path = "/v1/models/\(model)/\(call)"
            #expect(quick(client, path, body) == client.post(path, body).response.body)
        }
    }

    @Test func `requests answered together have the bytes of those answered alone`() throws {
        let client = try client()
        var calls: [(path: String, body: String)] = []
        for index in 0..<8 {
            let model = index % 3 == 2 ? "mixture" : "flow"
            let extra = index % 4 == 3 ? #","log_prob":true"# : ""
            let observation = index == 4 ? "[1]" : "[\(index),2,3]"
            calls.append(
                (
                    "/v1/models/\(model)/sample",
                    #"{"observations":[[1,2,3],\#(observation)],"num_samples":2,"#
                        + #""seed":\#(index)\#(extra)}"#
                )
            )
        }
        let together = client.service.answerQuickly(
            calls.map { call in
                InMemoryClient.admitted(
                    HTTPRequest(method: .post, scheme: "http", authority: "t", path: call.path),
                    call.body
                )
            }
        )
        for (call, answer) in zip(calls, together) {
            #expect(answer?.body == client.post(call.path, call.body).response.body)
        }
    }

    @Test func `long work is left to the workers`() throws {
        let client = try client()
        let path = "/v1/models/flow/sample"
        let many = #"{"observation":[1,2,3],"num_samples":17}"#
        let batch = #"{"observations":[[1,2,3],[1,2,3]],"num_samples":9}"#
        #expect(quick(client, path, many) == nil)
        #expect(quick(client, path, batch) == nil)
        #expect(quick(client, path, #"{"observation":[1,2,3]}"#) == nil)
        let one = #"{"observation":[1,2,3],"num_samples":1}"#
        #expect(quick(client, path, one + String(repeating: " ", count: 5000)) == nil)
        #expect(quick(try self.client(loopTime: .zero), path, one) == nil)
        #expect(quick(client, path, one) != nil)
    }

    @Test func `picked seeds are different and fit a Double`() throws {
        let client = try client()
        var seeds: Set<UInt64> = []
        for _ in 0..<200 {
            let answer = client.post(
                "/v1/models/flow/sample",
                #"{"observation":[1,2,3],"num_samples":1}"#
            )
            let seed: UInt64 = try answer.json().required("seed", expected: "")
                .integer(in: 0...(1 << 53) - 1)
            seeds.insert(seed)
        }
        #expect(seeds.count == 200)
    }
}
