import HTTPMessages
import HTTPTypes
import ModelStore
import PosteriorAPI
import StrictJSON
import Testing

@Suite struct RoutingTests {
    @Test(arguments: [
        "/x", "", "/v1", "/v1/models/", "/v1/models/flow/", "/v1/models/flow/versions",
        "/v1/models/flow/versions/1/", "/v1/models/flow/samples", "/v1//models", "/V1/models",
        "/v1/models/flow/versions/1/sample/x", "/v1/models/%", "/v1/models/%zz", "/v1/models/%ff",
        "/v2/health", "/v2/health/live/", "/v1/models/../models", "*", "/metrics/x",
    ])
    func `unknown paths are 404`(path: String) throws {
        for answer in [try InMemoryClient().get(path), try InMemoryClient().post(path, "{}")] {
            #expect(answer.status == 404, "\(path)")
            if !path.hasPrefix("/v2") {
                #expect(try answer.error().code.hasPrefix("unknown_"))
            }
        }
    }

    @Test(arguments: [
        "nothing", "flow2", "%66low2", "..", "a%2Fb", "%00", "é",
        String(repeating: "x", count: 500),
    ])
    func `unknown models are 404 and name the field`(name: String) throws {
        let client = try InMemoryClient()
        let answers = [
            client.get("/v1/models/\(name)"), client.get("/v1/models/\(name)/versions/1"),
            client.post("/v1/models/\(name)/sample", #"{"observation":[1,2,3]}"#),
            client.post("/v1/models/\(name)/log_prob", "broken"),
        ]
        for answer in answers {
            #expect(answer.status == 404)
            #expect(try answer.error().code == "unknown_model")
            #expect(try answer.error().field == "model")
        }
    }

    @Test(arguments: ["2", "0", "01", "-1", "x", "99999999999999999999", "1.0"])
    func `unknown versions are 404 and list those there are`(version: String) throws {
        let client = try InMemoryClient()
        for answer in [
            client.get("/v1/models/flow/versions/\(version)"),
            client.post("/v1/models/flow/versions/\(version)/sample", "{}"),
        ] {
            #expect(answer.status == 404)
            #expect(try answer.error().code == "unknown_version")
            #expect(try answer.error().message.contains("1, 3"))
        }
    }

    @Test func `names are percent-decoded once, and queries ignored`() throws {
        let client = try InMemoryClient()
        #expect(client.get("/v1/models/%66low").status == 200)
        #expect(client.get("/v1/models/%2566low").status == 404)
        #expect(client.get("/v1/models?x=1").status == 200)
        #expect(client.get("/v1/models/flow?").status == 200)
    }

    @Test(arguments: [
        ("/v1/models", "GET, HEAD, OPTIONS"), ("/v1/models/flow", "GET, HEAD, OPTIONS"),
        ("/v2/health/live", "GET, HEAD, OPTIONS"), ("/v1/models/flow/sample", "POST, OPTIONS"),
        ("/v1/models/flow/versions/1/log_prob", "POST, OPTIONS"), ("/", "GET, HEAD, OPTIONS"),
    ])
    func `other methods are 405 with Allow`(path: String, allow: String) throws {
        let client = try InMemoryClient()
        let wrong: [HTTPRequest.Method] =
            allow.hasPrefix("GET") ? [.post, .put, .delete, .patch] : [.get, .head, .put, .delete]
        for method in wrong {
            let answer = client.get(path, method: method)
            #expect(answer.status == 405)
            #expect(answer.response.head.headerFields[.allow] == allow)
            #expect(try answer.message().contains(allow))
        }
        let options = client.get(path, method: .options)
        #expect(options.status == 200)
        #expect(options.response.head.headerFields[.allow] == allow)
        #expect(options.response.body.isEmpty)
    }

    @Test(arguments: ["/", "/v1/models", "/v1/models/flow", "/v2/health/live", "/v2/health/ready"])
    func `HEAD answers like GET`(path: String) throws {
        let client = try InMemoryClient()
        let (get, head) = (client.get(path), client.get(path, method: .head))
        #expect(head.response.head == get.response.head)
        #expect(head.response.body == get.response.body)
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"", "application/json; odd=1",
        "application/x-www-form-urlencoded", "",
    ])
    func `types that carry JSON are accepted`(type: String) throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/sample",
            #"{"observation":[1,2,3],"num_samples":1}"#,
            type: type
        )
        #expect(answer.status == 200)
    }

    @Test func `a missing type is accepted`() throws {
        let answer = try InMemoryClient().post(
            "/v1/models/flow/sample",
            #"{"observation":[1,2,3],"num_samples":1}"#,
            type: nil
        )
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp",
        "application/json; charset=latin1", "application/octet-stream", "json",
    ])
    func `other types are 415 and named`(type: String) throws {
        let answer = try InMemoryClient().post("/v1/models/flow/sample", "{}", type: type)
        #expect(answer.status == 415)
        let error = try answer.error()
        #expect(error.field == "Content-Type")
        #expect(error.message.contains(type))
        #expect(error.message.contains("application/json"))
    }

    @Test(arguments: [
        ("/v1/models/flow/sample", "application/json, application/x-npy"),
        ("/v1/models/flow/fisher", "application/json, application/x-npy"),
        ("/v1/models/flow/map", "application/json"),
        ("/v2/models/flow/infer", "application/json, application/octet-stream"),
    ])
    func `an answer that refuses a type says which there are`(path: String, types: String) throws {
        let answer = try InMemoryClient().post(path, "{}", type: "text/xml")
        #expect(answer.status == 415)
        #expect(answer.response.head.headerFields[.accept] == types)
        #expect(try answer.message().contains(types.replacing(", ", with: " or ")))
    }

    @Test func `a missing body is 411 without a length and 400 with length 0`() throws {
        let client = try InMemoryClient()
        let request = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "test",
            path: "/v1/models/flow/sample"
        )
        let without = client.send(request, body: nil)
        #expect(without.status == 411)
        #expect(try without.error().field == "body")
        let empty = client.send(request, body: [])
        #expect(empty.status == 400)
        #expect(try empty.error().code == "missing_body")
    }

    @Test func `a body over the limit is 413 with the limit, before and after it is read`() throws {
        var limits = ServiceLimits()
        limits.bodyBytes = 64
        let client = try InMemoryClient(limits: limits)
        let body = Array(repeating: UInt8(ascii: " "), count: 65)
        let announced = client.post("/v1/models/flow/sample", bytes: body)
        #expect(announced.status == 413)
        #expect(try announced.error().message.contains("64 bytes"))
        let request = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: "test",
            path: "/v1/models/flow/sample"
        )
        #expect(client.send(request, body: body).status == 413)
        var context = InMemoryClient.context(request)
        let admission = client.service.admit(
            request,
            hasBody: true,
            hasLength: true,
            context: &context
        )
        guard case .compute(64) = admission else {
            Issue.record("the limit is not passed on")
            return
        }
    }

    @Test func `a body on GET is refused`() throws {
        let request = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "test",
            path: "/v1/models"
        )
        let answer = try InMemoryClient().send(request, body: [1])
        #expect(answer.status == 400)
        #expect(try answer.error().code == "unexpected_body")
    }

    @Test func `health says live always and ready until draining`() throws {
        let readiness = Readiness()
        let client = try InMemoryClient(readiness: readiness)
        #expect(client.get("/v2/health/live").text == #"{"live":true}"#)
        #expect(client.get("/v2/health/ready").text == #"{"ready":true}"#)
        readiness.beginDraining()
        #expect(client.get("/v2/health/live").status == 200)
        let answer = client.get("/v2/health/ready")
        #expect(answer.status == 503)
        #expect(try answer.message() == "the server is shutting down")
        #expect(client.post("/v1/models/flow/sample", #"{"observation":[1,2,3]}"#).status == 200)
    }

    @Test func `a service without models is not ready`() throws {
        let service = PosteriorService(repository: ModelRepository(models: []))
        let request = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "t",
            path: "/v2/health/ready"
        )
        let answer = InMemoryClient(service: service).send(request, body: nil)
        #expect(answer.response.head.status == .serviceUnavailable)
    }
}
