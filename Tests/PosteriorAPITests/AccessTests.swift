import Credentials
import HTTPMessages
import HTTPTypes
import MetricsExposition
import PosteriorAPI
import Testing

@Suite struct AccessTests {
    private let keys = Scope.allCases.map { KeyEntry.make(name: $0.rawValue, scopes: [$0]) }
    private let access: AccessControl

    init() { access = AccessControl(KeyRing(keys.map(\.entry))) }

    private func client() throws -> InMemoryClient {
        let metrics = ServiceMetrics(MetricsRegistry(ServiceMetrics.definitions))
        return try InMemoryClient(access: access, metrics: metrics)
    }

    private func key(_ scope: Scope) -> String {
        keys.first { $0.entry.scopes == [scope] }?.key ?? ""
    }

    private func answer(
        _ path: String,
        method: HTTPRequest.Method = .get,
        _ fields: [(String, String)]
    ) throws -> InMemoryClient.Answer {
        var request = HTTPRequest(method: method, scheme: "http", authority: "test", path: path)
        for (name, value) in fields {
            request.headerFields.append(HTTPField(name: try #require(.init(name)), value: value))
        }
        return try client().send(request, body: method == .post ? Array("{}".utf8) : nil)
    }

    static let guarded = [
        "/v1/models", "/v1/models/flow", "/v1/models/nothing", "/metrics", "/openapi.json", "/",
        "/nothing", "/v1/models/", "/v2/health", "/v1/models/flow/sample",
    ]

    @Test(arguments: guarded)
    func `without a key everything but health is 401, also what is not there`(path: String) throws {
        for method in [HTTPRequest.Method.get, .post, .options] {
            let answer = try answer(path, method: method, [])
            #expect(answer.status == 401)
            #expect(try answer.message().contains("a key is needed"))
            let challenge = answer.response.head.headerFields[.wwwAuthenticate]
            #expect(challenge == #"Bearer realm="posterior-server""#)
        }
    }

    @Test(arguments: ["/v2/health/live", "/v2/health/ready"])
    func `health is open`(path: String) throws {
        #expect(try answer(path, []).status == 200)
        #expect(try answer(path, [("X-API-Key", "wrong")]).status == 200)
    }

    @Test(arguments: [
        [("X-API-Key", "wrong")], [("X-API-Key", "")], [("Authorization", "Bearer wrong")],
        [("Authorization", "Basic dXNlcjpwYXNz")], [("Authorization", "Bearer")],
    ])
    func `a wrong key is 401 and said to be wrong`(fields: [(String, String)]) throws {
        let answer = try answer("/v1/models", fields)
        #expect(answer.status == 401)
        let challenge = answer.response.head.headerFields[.wwwAuthenticate]
        #expect(challenge == #"Bearer realm="posterior-server", error="invalid_token""#)
    }

    @Test(arguments: [
        ("/v1/models", [Scope.infer]), ("/v1/models/flow", [.infer]), ("/metrics", [.metrics]),
    ])
    func `a key opens what its scope names and nothing else`(path: String, scopes: [Scope]) throws {
        for scope in Scope.allCases {
            for field in [("X-API-Key", key(scope)), ("Authorization", "bearer \(key(scope))")] {
                let answer = try answer(path, [field])
                guard !scopes.contains(scope) else {
                    #expect(answer.status == 200)
                    continue
                }
                #expect(answer.status == 403)
                #expect(try answer.error().code == "forbidden")
                let challenge = answer.response.head.headerFields[.wwwAuthenticate]
                #expect(challenge?.contains(#"error="insufficient_scope""#) == true)
            }
        }
    }

    @Test func `any key is told what is not there`() throws {
        for scope in Scope.allCases {
            #expect(try answer("/nothing", [("X-API-Key", key(scope))]).status == 404)
        }
    }

    @Test func `two keys are 400 unless they are the same`() throws {
        let one = ("X-API-Key", key(.infer))
        #expect(try answer("/v1/models", [one, ("Authorization", "Bearer x")]).status == 400)
        #expect(try answer("/v1/models", [one, ("X-API-Key", "x")]).status == 400)
        #expect(
            try answer("/v1/models", [one, ("Authorization", "Bearer \(one.1)")]).status == 200
        )
    }

    @Test func `keys are replaced while the service runs`() throws {
        let client = try client()
        var request = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "test",
            path: "/v1/models"
        )
        request.headerFields[try #require(.init("X-API-Key"))] = key(.infer)
        #expect(client.send(request, body: nil).status == 200)
        access.replace(KeyRing([KeyEntry.make(name: "new", scopes: [.infer]).entry]))
        #expect(client.send(request, body: nil).status == 401)
    }

    @Test func `the name of the key is noted`() throws {
        var request = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "test",
            path: "/v1/models/flow"
        )
        request.headerFields[try #require(.init("X-API-Key"))] = key(.infer)
        var context = InMemoryClient.context(request)
        _ = try client().service.admit(
            request,
            hasBody: false,
            hasLength: false,
            context: &context
        )
        #expect(context.client == "infer")
        #expect(context.route == "/v1/models/{model}")
        #expect(context.model == "flow" && context.version == 3)
    }
}
