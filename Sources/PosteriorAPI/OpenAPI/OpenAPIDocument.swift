import Estimators
import HTTPTypes
import Synchronization

/// The OpenAPI 3.1 document of the service, made again when another model serves its examples.
final class OpenAPIPage: Sendable {
    private struct Made {
        var model: OpenAPIDocument.ExampleModel?
        var text: [UInt8]
    }

    private let made = Mutex<Made?>(nil)

    /// The document; limits and keys are those of the first call.
    func text(of catalog: ModelCatalog, _ limits: ServiceLimits, asksForKeys: Bool) -> [UInt8] {
        let model = catalog.smallest.map(OpenAPIDocument.ExampleModel.init)
        return made.withLock { made in
            if let made, made.model == model { return made.text }
            let text = OpenAPIDocument.encode(model, limits, asksForKeys: asksForKeys)
            made = Made(model: model, text: text)
            return text
        }
    }
}

/// The OpenAPI 3.1 document of the service, made of the table that routes.
enum OpenAPIDocument {
    /// What a status means wherever it may come.
    private static let meanings: [Int: String] = [
        400: "The request cannot be understood; the error names the field.",
        401: "A key is needed.", 403: "The key is not for this.",
        404: "There is no such path, model or version.",
        405: "The path exists, for other methods.", 406: "No answer would be acceptable.",
        409: "Something else is being done with the model.",
        411: "The request does not say how long its content is.",
        413: "The content is longer than the limit.",
        415: "The content is of another type than those that are read here.",
        422: "The request is well-formed, but its answer is not a number.",
        429: "The client asks for too much at a time.",
        499: "The client was gone before the answer was there.",
        503: "The server has no room for the request, or it took too long.",
    ]

    /// The model that the examples ask for.
    struct ExampleModel: Equatable {
        let name: String
        let version: Int
        /// How many numbers an observation has.
        let width: Int
        let thetaDim: Int

        init(_ entry: ModelCatalog.Entry) {
            name = entry.name
            version = entry.version
            width = entry.exampleWidth
            thetaDim = entry.posterior.thetaDim
        }
    }

    /// Makes the document.
    ///
    /// - Parameters:
    ///   - model: Serves the examples; nil for none.
    ///   - limits: Bounds that the schemas show.
    ///   - asksForKeys: Whether keys are needed.
    /// - Returns: The document as JSON.
    static func encode(
        _ model: ExampleModel?,
        _ limits: ServiceLimits,
        asksForKeys: Bool
    ) -> [UInt8] {
        let paths = Route.all.map { route in
            "\(quoted(route.path)):" + item(route, model, asksForKeys: asksForKeys)
        }
        let schemas = Components.schemas(limits).map { "\(quoted($0.name)):\($0.schema.json)" }
        var components = ["\"schemas\":{\(schemas.joined(separator: ","))}", headers, parameters]
        if asksForKeys { components.append(securitySchemes) }
        return Array(
            """
            {"openapi":"3.1.0","info":{"title":"posterior-server",\
            "summary":"Amortized Bayesian posteriors over HTTP.",\
            "version":\(quoted(PosteriorService.release))},\
            "paths":{\(paths.joined(separator: ","))},\
            "components":{\(components.joined(separator: ","))}}
            """.utf8
        )
    }

    private static let headers = """
        "headers":{"RequestId":{"description":"Names the request, in logs, too.","required":true,\
        "schema":{"type":"string"}},"Allow":{"description":"The methods of the path.",\
        "required":true,"schema":{"type":"string"}}}
        """

    private static let parameters = """
        "parameters":{"model":{"name":"model","in":"path","required":true,\
        "description":"The name of a model, as GET /v1/models lists them.",\
        "schema":\(Schema.text(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$", longest: 128).json)},\
        "version":{"name":"version","in":"path","required":true,\
        "description":"A version of the model; without it the largest answers.",\
        "schema":\(Schema.integer(from: 1).json)}}
        """

    private static let securitySchemes = """
        "securitySchemes":{"bearer":{"type":"http","scheme":"bearer"},\
        "key":{"type":"apiKey","in":"header","name":"X-API-Key"}}
        """

    /// One path and all its methods.
    private static func item(
        _ route: Route,
        _ model: ExampleModel?,
        asksForKeys: Bool
    ) -> String {
        let parameters = ["model", "version"].filter { route.path.contains("{\($0)}") }
            .map { "{\"$ref\":\"#/components/parameters/\($0)\"}" }
        var members =
            parameters.isEmpty ? [] : ["\"parameters\":[\(parameters.joined(separator: ","))]"]
        for method in route.endpoint.allowedMethods {
            let operation = operation(route, method, model, asksForKeys: asksForKeys)
            members.append("\(quoted(method.rawValue.lowercased())):\(operation)")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func operation(
        _ route: Route,
        _ method: HTTPRequest.Method,
        _ model: ExampleModel?,
        asksForKeys: Bool
    ) -> String {
        let operation = route.endpoint.operation
        let isMain = method == .get || method == .post
        var id = operation.id + (route.path.contains("{version}") ? "_version" : "")
        if route.path.hasSuffix("/") { id += route.path == "/" ? "_root" : "_slash" }
        if !isMain { id += "_" + method.rawValue.lowercased() }
        var members = [
            "\"operationId\":\(quoted(id))",
            "\"summary\":\(quoted(isMain ? operation.summary : other(method)))",
            "\"responses\":{\(responses(operation, route, method, asksForKeys).joined(separator: ","))}",
        ]
        if isMain, !operation.details.isEmpty {
            members.append("\"description\":\(quoted(operation.details))")
        }
        if method == .post, let request = operation.request {
            var content = "\"schema\":\(request.json)"
            if let example = operation.example, let model {
                let path = route.path.replacing("{model}", with: model.name)
                    .replacing("{version}", with: String(model.version))
                let value = example(model.width, model.thetaDim)
                content +=
                    ",\"examples\":{\"small\":{\"summary\":\(quoted("POST " + path)),"
                    + "\"x-path\":\(quoted(path)),\"value\":\(value)}}"
            }
            members.append(
                "\"requestBody\":{\"required\":\(operation.needsRequest),\"content\":{\"application/json\":{\(content)}}}"
            )
        }
        if asksForKeys, route.endpoint.scope != nil {
            members.append("\"security\":[{\"bearer\":[]},{\"key\":[]}]")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func other(_ method: HTTPRequest.Method) -> String {
        method == .head ? "The header of what GET answers." : "Which methods there are."
    }

    private static func responses(
        _ operation: Operation,
        _ route: Route,
        _ method: HTTPRequest.Method,
        _ asksForKeys: Bool
    ) -> [String] {
        let id = "\"X-Request-Id\":{\"$ref\":\"#/components/headers/RequestId\"}"
        var success = "\"description\":\"Done.\",\"headers\":{\(id)"
        if method == .options { success += ",\"Allow\":{\"$ref\":\"#/components/headers/Allow\"}" }
        success += "}"
        if method == .get || method == .post {
            let content = operation.answers.map {
                "\(quoted($0.type)):{\"schema\":\($0.schema.json)}"
            }
            success += ",\"content\":{\(content.joined(separator: ","))}"
        }
        var statuses = method == .options ? [] : operation.failures
        if asksForKeys { statuses += [401, 403] }
        if method == .get || method == .options { statuses.append(400) }
        let error =
            "\"content\":{\"application/json\":{\"schema\":"
            + Schema.named(route.path.hasPrefix("/v2") ? "ErrorText" : "Error").json + "}}"
        let failures = Set(statuses).sorted().map { status in
            let meaning = meanings[status] ?? "An error."
            let content = method == .head ? "" : ",\(error)"
            return
                "\"\(status)\":{\"description\":\(quoted(meaning)),\"headers\":{\(id)}\(content)}"
        }
        let rest =
            "\"default\":{\"description\":\"The request broke a rule of HTTP, or a limit.\","
            + "\"headers\":{\(id)}" + (method == .head ? "" : ",\(error)") + "}"
        return ["\"200\":{\(success)}"] + failures + [rest]
    }
}
