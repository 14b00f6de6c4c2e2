import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import TestSupport
import Testing

@Suite struct RequestFuzzTests {
    private static let bodies = [
        #"{"observations":[[1,2,3],[4,5,6]],"num_samples":2,"seed":7,"output":"both","log_prob":true}"#,
        #"{"observation":[[0.1],[0.2],[0.3]],"num_samples":1,"seed":null,"output":"summary"}"#,
        #"{"observation":[1,2,3],"num_samples":3,"output":"summary","quantiles":[0.5,1],"credible_intervals":[0.9]}"#,
        #"{"observations":[[1,2,3],[1,2]],"theta":[[[0,0],[0.1,0.2]],[[1e400,0]]]}"#,
        #"{"observation":[1,2,3],"theta":[[0,0]]}"#,
    ]

    private static let targets = [
        "/v1/models", "/v1/models/flow", "/v1/models/flow/sample", "/v1/models/flow/log_prob",
        "/v1/models/flow/versions/1/sample", "/v1/models/mixture/log_prob", "/v1/models/flow/map",
        "/v1/models/flow/credible", "/v2/health/ready",
    ]

    /// Whatever the body, the answer is JSON with a status from the table.
    @Test func `mutated bodies are answered, never a trap`() throws {
        let client = try InMemoryClient()
        var random = SeededGenerator(seed: 41)
        var answered: [Int: Int] = [:]
        for _ in 0..<300_000 {
            var body = Array((Self.bodies.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                mutate(&body, &random)
            }
            let path =
                Bool.random(using: &random) ? "/v1/models/flow/sample" : "/v1/models/flow/log_prob"
            let answer = client.post(path, bytes: body)
            answered[answer.status, default: 0] += 1
            if (try? JSONDocument(parsing: answer.response.body)) == nil {
                Issue.record("\(String(decoding: body, as: UTF8.self)) was answered \(answer.text)")
                return
            }
        }
        #expect(Set(answered.keys).isSubset(of: [200, 400, 422]), "\(answered)")
        #expect(answered[200, default: 0] > 10_000)
        #expect(answered[400, default: 0] > 10_000)
    }

    /// The limits keep what a changed digit can ask for small.
    @Test func `mutated map and credible bodies are answered, never a trap`() throws {
        var limits = ServiceLimits()
        limits.draws = 500
        limits.evaluations = 1500
        let client = try InMemoryClient(limits: limits)
        let bodies = [
            #"{"observations":[[1,2,3],[4,5,6]],"num_samples":2,"starts":1,"seed":7}"#,
            #"{"observation":[[0.1],[0.2],[0.3]],"theta":[[0,0],[0.1,0.2]],"num_samples":9}"#,
            #"{"observations":[[1,2,3],[1,2]],"theta":[[[0,0]],[[1e400,0]]],"seed":null}"#,
        ]
        var random = SeededGenerator(seed: 43)
        var answered: [Int: Int] = [:]
        for _ in 0..<20_000 {
            var body = Array((bodies.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                mutate(&body, &random)
            }
            let call = Bool.random(using: &random) ? "map" : "credible"
            let answer = client.post("/v1/models/flow/\(call)", bytes: body)
            answered[answer.status, default: 0] += 1
            if (try? JSONDocument(parsing: answer.response.body)) == nil {
                Issue.record("\(String(decoding: body, as: UTF8.self)) was answered \(answer.text)")
                return
            }
        }
        #expect(Set(answered.keys).isSubset(of: [200, 400, 422]), "\(answered)")
        #expect(answered[200, default: 0] > 1000)
    }

    @Test func `mutated targets and methods are answered, never a trap`() throws {
        let client = try InMemoryClient()
        var random = SeededGenerator(seed: 42)
        let methods: [HTTPRequest.Method] = [.get, .post, .head, .options, .put, .delete, .patch]
        for _ in 0..<100_000 {
            var path = Array((Self.targets.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                mutate(&path, &random)
            }
            let request = HTTPRequest(
                method: methods.randomElement(using: &random) ?? .get,
                scheme: "http",
                authority: "test",
                path: String(decoding: path, as: UTF8.self)
            )
            let answer = client.send(
                request,
                body: Bool.random(using: &random) ? Array("{}".utf8) : nil
            )
            #expect(answer.status == 200 || (400..<500).contains(answer.status))
        }
    }

    private func mutate(_ text: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...text.count, using: &random)
        let alphabet = Array("0123456789[]{},:\"-+.eE\\/% nulltrue".utf8)
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where place < text.count:
            text[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < text.count:
            text.remove(at: place)
        case 2 where place < text.count:
            text[place] = alphabet.randomElement(using: &random) ?? 0
        default:
            text.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
        }
    }
}
