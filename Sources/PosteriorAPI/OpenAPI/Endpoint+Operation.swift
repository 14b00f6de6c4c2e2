import MetricsExposition

extension Endpoint {
    /// What the document says of this endpoint.
    ///
    /// A new endpoint does not compile without it.
    var operation: Operation {
        switch self {
        case .page(let page): page.operation
        case .call(let call): call.operation
        case .order(let order): order.operation
        }
    }
}

extension Endpoint.Page {
    fileprivate var operation: Operation {
        switch self {
        case .live:
            return Operation(
                "live",
                "Whether the server answers at all.",
                json: .object(required: [("live", .boolean)])
            )
        case .ready:
            var operation = Operation(
                "ready",
                "Whether the server wants new work.",
                json: .object(required: [("ready", .boolean)])
            )
            operation.failures = [503]
            return operation
        case .models:
            return Operation(
                "list_models",
                "The models.",
                json: Schema.object(required: [("models", .list(of: .named("ModelSummary")))])
                    .unlinked
            )
        case .card:
            var operation = Operation(
                "get_model",
                "All there is to know of a model.",
                json: Schema.named("ModelCard").unlinked
            )
            operation.failures = [404]
            return operation
        case .metrics:
            var operation = Operation("metrics", "Metrics for Prometheus.", json: .text)
            operation.answers = ExpositionFormat.allCases.map { ($0.mediaType, .text) }
            operation.failures = [404]
            return operation
        case .openAPI: return Operation("openapi", "This document.", json: .anyObject)
        case .server: return Self.open("server_metadata", "Name, version and extensions.")
        case .names: return Self.open("model_names", "The names of the models.")
        case .metadata:
            return Self.open("model_metadata", "Inputs and outputs of a model.", [404])
        case .modelReady:
            return Self.open("model_ready", "Whether a model can answer.", [404, 503])
        case .statistics: return Self.open("model_statistics", "How requests went.", [404])
        case .allStatistics: return Self.open("all_statistics", "How requests went.")
        }
    }
}

extension Endpoint.Page {
    /// A page whose answer the Open Inference Protocol describes.
    private static func open(
        _ id: String,
        _ summary: String,
        _ failures: [Int] = []
    ) -> Operation {
        var operation = Operation(id, summary, json: .anyObject)
        operation.failures = failures
        return operation
    }
}

extension Endpoint.Order {
    fileprivate var operation: Operation {
        let operationID: String
        let summary: String
        switch self {
        case .index:
            operationID = "repository_index"
            summary = "Every model on the disk and in service."
        case .load:
            operationID = "load_model"
            summary = "Reads a model and serves it, with explicit model control."
        case .unload:
            operationID = "unload_model"
            summary = "Stops serving a model, with explicit model control."
        }
        var operation = Operation(
            operationID,
            summary,
            json: self == .index ? .list(of: .anyObject) : .anyObject
        )
        operation.request = .object(optional: [
            self == .index
                ? ("ready", Schema.boolean.orNull) : ("parameters", Schema.anyObject.orNull)
        ])
        operation.needsRequest = false
        operation.failures = [400, 404, 406, 409, 413, 415, 429, 503]
        return operation
    }
}

extension Endpoint.Call {
    /// What may go wrong with every call.
    private static let failures = [400, 404, 406, 411, 413, 415, 422, 429, 503]

    fileprivate var operation: Operation {
        if self == .infer { return inference }
        let name = path
        var operation = Operation(name, summary, json: .named(answerName))
        operation.request = .named(requestName)
        operation.details = """
            Numbers of an observation have to be as many as the model's x_shape says; what does not \
            fit the model is refused with 400, by the name of the field.
            """
        operation.failures = Self.failures + (endsWithItsClient ? [499] : [])
        if case .sample = self { operation.answers.append((NPYRequest.mediaType, .text)) }
        operation.example = { xDim, thetaDim in
            let x = [String](repeating: "0", count: xDim).joined(separator: ",")
            let theta = [String](repeating: "0", count: thetaDim).joined(separator: ",")
            return "{\"observation\":[\(x)]" + self.exampleFields(theta: theta) + ",\"seed\":1}"
        }
        if case .logProb = self {
            operation.example = { xDim, thetaDim in
                let x = [String](repeating: "0", count: xDim).joined(separator: ",")
                let theta = [String](repeating: "0", count: thetaDim).joined(separator: ",")
                return "{\"observation\":[\(x)],\"theta\":[[\(theta)]]}"
            }
        }
        return operation
    }

    private var inference: Operation {
        var operation = Operation("infer", summary, json: .anyObject)
        operation.request = .named("InferenceRequest")
        operation.details = """
            The Open Inference Protocol, version 2, with its binary tensors: then the content is \
            application/octet-stream, and Inference-Header-Content-Length says where JSON ends.
            """
        operation.answers.append(("application/octet-stream", .text))
        operation.failures = Self.failures + [499]
        operation.example = { xDim, _ in
            let x = [String](repeating: "0", count: xDim).joined(separator: ",")
            return "{\"inputs\":[{\"name\":\"observation\",\"shape\":[1,\(xDim)],"
                + "\"datatype\":\"FP32\",\"data\":[\(x)]}],"
                + "\"outputs\":[{\"name\":\"samples\"}],"
                + "\"parameters\":{\"num_samples\":5,\"seed\":1}}"
        }
        return operation
    }

    /// Whether the work ends when nobody waits for it any more.
    private var endsWithItsClient: Bool {
        switch self {
        case .fisher, .attack, .robustness, .infer: true
        case .sample, .logProb, .map, .credible: false
        }
    }

    private func exampleFields(theta: String) -> String {
        switch self {
        case .sample: ",\"num_samples\":5"
        case .logProb: ",\"theta\":[[\(theta)]]"
        case .map: ",\"num_samples\":50,\"starts\":4"
        case .credible: ",\"theta\":[[\(theta)]],\"num_samples\":500"
        case .fisher: ",\"num_samples\":100"
        case .attack: ",\"epsilon\":0.1,\"epsilon_unit\":\"absolute\",\"steps\":5"
        case .robustness:
            ",\"epsilon\":[0.1],\"epsilon_unit\":\"absolute\",\"steps\":5,\"restarts\":1"
        case .infer: ""
        }
    }

    /// The last segment of the path.
    private var path: String {
        switch self {
        case .sample: "sample"
        case .logProb: "log_prob"
        case .map: "map"
        case .credible: "credible"
        case .fisher: "fisher"
        case .attack: "attack"
        case .robustness: "robustness"
        case .infer: "infer"
        }
    }

    private var summary: String {
        switch self {
        case .sample: "Draws from the posterior of each observation, or their summary."
        case .logProb: "Log densities of theta under the posterior of each observation."
        case .map: "The theta with the highest density."
        case .credible: "The level of the smallest credible region that holds each theta."
        case .fisher: "How fast the posterior moves with the observation."
        case .attack: "The small perturbation of the observation that moves its posterior most."
        case .robustness: "How far small perturbations can move the posterior."
        case .infer: "Draws, log densities and Fisher traces as tensors."
        }
    }

    private var requestName: String { Self.title(path) + "Request" }

    private var answerName: String { Self.title(path) + "Answer" }

    private static func title(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
