import Dispatch
import FoundationEssentials
import HTTPMessages
import HTTPTypes
import ModelStore
import PosteriorAPI
import Synchronization
import Testing

@Suite struct ServedModelsTests {
    private static func fixture(_ name: String) throws -> Data {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(
            contentsOf: tests.appending(path: "ModelStoreTests/Fixtures/\(name).safetensors")
        )
    }

    private static func put(_ fixture: String, at path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try self.fixture(fixture).write(to: url, options: .atomic)
    }

    private static func withModels(
        _ control: ModelControl,
        initial: [String]? = nil,
        _ body: (String, ServedModels, InMemoryClient) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "served-models-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try put("mdn-v1", at: "\(folder)/m/1/model.safetensors")
        let models = try ServedModels(directory: folder, control: control, initial: initial)
        try body(folder, models, InMemoryClient(service: PosteriorService(models: models)))
    }

    @Test func `polling finds what appears, and gives the old one's memory back`() throws {
        try Self.withModels(.poll) { folder, models, client in
            weak let old = models.entry("m", version: 1)
            #expect(old != nil)
            try Self.put("maf-v1", at: "\(folder)/m/2/model.safetensors")
            try Self.put("maf-v1", at: "\(folder)/m/1/model.safetensors")
            #expect(try models.poll().isEmpty)
            let report = try models.poll()
            #expect(report.added == ["m version 2"])
            #expect(report.replaced == ["m version 1"])
            #expect(old == nil)
            #expect(client.get("/v2/models/m/versions/2/ready").status == 200)
        }
    }

    @Test func `a request keeps the model it began with`() throws {
        try Self.withModels(.none) { folder, models, _ in
            var kept = models.entry("m", version: 1)
            weak let old = kept
            try Self.put("maf-v1", at: "\(folder)/m/1/model.safetensors")
            _ = try models.reload()
            #expect(old != nil)
            kept = nil
            #expect(old == nil)
        }
    }

    @Test func `without model control nothing changes but on demand`() throws {
        try Self.withModels(.none) { folder, models, client in
            try Self.put("maf-v1", at: "\(folder)/n/1/model.safetensors")
            #expect(try models.poll().isEmpty)
            #expect(try models.poll().isEmpty)
            #expect(client.post("/v2/repository/index", "").status == 400)
            #expect(client.post("/v2/repository/models/n/load", "").status == 400)
            #expect(try models.reload().added == ["n version 1"])
        }
    }

    @Test(arguments: [
        ("/v1/models/m/sample", #"{"observation":[1,2,3,4],"num_samples":2}"#),
        (
            "/v2/models/m/versions/1/infer",
            #"{"inputs":[{"name":"observation","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#
        ),
    ])
    func `a request that was admitted is answered though its model is unloaded meanwhile`(
        path: String,
        body: String
    ) throws {
        try Self.withModels(.explicit) { _, _, client in
            let request = HTTPRequest(method: .post, scheme: "http", authority: "t", path: path)
            var context = InMemoryClient.context(request)
            let admission = client.service.admit(
                request,
                hasBody: true,
                hasLength: true,
                context: &context
            )
            guard case .compute = admission else {
                Issue.record("it was not admitted")
                return
            }
            #expect(client.post("/v2/repository/models/m/unload", "").status == 200)
            #expect(client.post(path, body).status == 404)
            let admitted = AdmittedRequest(request, body: Array(body.utf8), context: context)
            let answer = client.service.compute(
                admitted,
                idleWorkers: 0,
                cancellation: Cancellation()
            )
            #expect(answer.head.status == .ok, "\(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    @Test func `the API's description follows the models`() throws {
        try Self.withModels(.explicit) { folder, _, client in
            let path = "/v1/models/m/sample"
            #expect(client.get("/openapi.json").text.contains(#""x-path":"\#(path)""#))
            try Self.put("maf-v1", at: "\(folder)/n/1/model.safetensors")
            #expect(client.post("/v2/repository/models/n/load", "").status == 200)
            #expect(client.post("/v2/repository/models/m/unload", "").status == 200)
            let text = client.get("/openapi.json").text
            #expect(!text.contains(path) && text.contains("/v1/models/n/sample"))
        }
    }

    @Test func `explicit control loads and unloads`() throws {
        try Self.withModels(.explicit, initial: []) { folder, models, client in
            #expect(client.get("/v2/health/ready").status == 200)
            #expect(client.get("/v2/models/m/ready").status == 404)
            #expect(
                client.post("/v2/repository/index", "{}").text
                    == #"[{"name":"m","state":"UNAVAILABLE","reason":"not loaded"}]"#
            )
            let load = client.post("/v2/repository/models/m/load", "")
            #expect(load.status == 200 && load.text == #"{"name":"m","load":true}"#)
            #expect(client.get("/v2/models/m/ready").text == #"{"name":"m","ready":true}"#)
            let refused = client.post(
                "/v2/repository/models/m/load",
                #"{"parameters":{"file:1/model":"x"}}"#
            )
            #expect(refused.status == 400)
            for order in ["load", "unload"] {
                let path = "/v2/repository/models/m/\(order)"
                #expect(client.post(path, #"{"parameters":1}"#).status == 400)
            }
            // A bad file: the good one goes on, and the index says why.
            try Data([1, 2, 3]).write(to: URL(filePath: "\(folder)/m/1/model.safetensors"))
            #expect(client.post("/v2/repository/models/m/load", "").status == 400)
            #expect(client.get("/v2/models/m/ready").status == 200)
            #expect(
                client.post("/v2/repository/index", #"{"ready":true}"#).text
                    .contains("the file read before is served")
            )
            #expect(client.post("/v2/repository/models/m/unload", "").status == 200)
            #expect(client.get("/v2/models/m/ready").status == 404)
            #expect(client.post("/v2/repository/models/m/unload", "").status == 404)
            for name in ["..%2Fm", "nothing", "%2e%2e", "m%00"] {
                #expect(client.post("/v2/repository/models/\(name)/load", "").status == 404)
            }
            #expect(try models.reload().isEmpty)
        }
    }

    @Test func `reloads drop no request`() throws {
        try Self.withModels(.none) { folder, models, client in
            let isDone = SharedCounter()
            let replacements = SharedCounter()
            var (answers, failures) = (0, 0)
            try Self.put("maf-v1", at: "\(folder)/n/1/model.safetensors")
            _ = try models.reload()
            DispatchQueue(label: "reloads").async {
                for _ in 0..<40 {
                    try? Self.put("maf-v1", at: "\(folder)/n/1/model.safetensors")
                    let report = try? models.reload()
                    replacements.add(report?.replaced.count ?? 0)
                }
                isDone.add(1)
            }
            repeat {
                let answer = client.post(
                    "/v1/models/n/sample",
                    #"{"observation":[1,2,3],"num_samples":10,"seed":1}"#
                )
                answers += 1
                if answer.status != 200 { failures += 1 }
            } while isDone.value == 0
            #expect(failures == 0)
            #expect(answers > 0)
            #expect(replacements.value == 40)
        }
    }
}

/// A number that two threads share.
private final class SharedCounter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ number: Int) { count.wrappingAdd(number, ordering: .relaxed) }
}
