import Estimators
import HTTPTypes
import NumericArrays
import StrictJSON

/// The body of `POST /v2/models/…/infer`.
///
/// *Reference*: Open Inference Protocol, "Inference"; Triton's "Binary Tensor Data Extension".
struct InferenceRequest {
    /// What can be asked for.
    enum Output: String, CaseIterable {
        /// Draws, `[B, S, D]`.
        case samples
        /// log q of theta, or of the draws where none is given, `[B, S]`.
        case logProb = "log_prob"
        /// The trace of the Fisher information about the observation, `[B]`.
        case fisherTrace = "fisher_trace"
    }

    /// An output and how it is wanted.
    struct Wanted {
        var output: Output
        var isBinary: Bool
    }

    /// Echoed as it came.
    private(set) var id: String?
    /// `[B, L]`.
    private(set) var observations: ObservationList
    /// Thetas for each observation, `[B, S, D]`.
    private(set) var theta: NumericArray?
    /// S.
    private(set) var count = 1000
    /// Draws that a Fisher trace is estimated from.
    private(set) var fisherCount = 1000
    private(set) var seed: UInt64?
    /// The most that the client wants to wait for it.
    private(set) var timeout: Duration?
    /// In the order asked for.
    private(set) var outputs: [Wanted] = []

    /// KServe names the model here, too; the path is what counts.
    private static let names = [
        "id", "parameters", "inputs", "outputs", "model_name", "model_version",
    ]

    /// Reads and checks the body.
    ///
    /// - Parameters:
    ///   - body: JSON, then raw tensors; or a raw tensor alone.
    ///   - jsonLength: What `Inference-Header-Content-Length` says.
    ///   - model: Whom it is for.
    ///   - limits: How much may be asked for.
    /// - Throws: `APIError` naming the field that is wrong.
    init(
        _ body: [UInt8],
        jsonLength: Int?,
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(APIError) {
        let length = jsonLength ?? body.count
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(
                parsing: length == body.count ? body : Array(body.prefix(length)),
                limits: JSONLimits(bytes: limits.bodyBytes, values: limits.numbers)
            )
        } catch {
            throw .invalidJSON(error)
        }
        var binary = body.dropFirst(length)
        var arrays: [String: NumericArray] = [:]
        let fields: JSONFields
        do throws(JSONFieldError) {
            fields = try JSONField(document.root, path: "").object()
            try fields.refuseOthers(than: Self.names)
        } catch {
            throw .invalidField(error)
        }
        for (name, input) in try Self.inputs(fields) {
            arrays[name] = try InferenceTensor.read(
                input,
                name: name,
                binary: &binary,
                mostNumbers: limits.numbers
            )
        }
        do throws(JSONFieldError) {
            guard binary.isEmpty else {
                throw .mismatch(
                    path: "body",
                    expected: "no more than the binary data of the inputs",
                    found: "\(binary.count) bytes after them"
                )
            }
            guard let observation = arrays["observation"] else {
                throw .missing(path: "inputs", expected: "one with the name \"observation\"")
            }
            observations = try Self.observations(observation, model, limits)
            id = try fields.optional("id")?.string()
            for name in ["model_name", "model_version"] {
                _ = try fields.optional(name)?.string()
            }
            theta = arrays["theta"]
            try Self.check(theta, observations.count, model)
            let parameters = try fields.optional("parameters")?.object()
            try Self.refuseReserved(fields.optional("parameters"))
            if let field = parameters?.optional("num_samples") {
                count = try field.integer(in: 1...limits.streamedDraws)
            }
            if let field = parameters?.optional("fisher_samples") {
                fisherCount = try field.integer(in: 2...limits.draws)
            }
            fisherCount = min(fisherCount, limits.draws)
            seed = try parameters?.optional("seed")?.integer(in: SampleRequest.seeds)
            if let field = parameters?.optional("timeout") {
                timeout = .microseconds(try field.integer(in: 1...Int64.max / 1_000_000_000_000))
            }
            outputs = try Self.outputs(
                fields,
                isBinary: parameters?.optional("binary_data_output")?.boolean() ?? false,
                hasTheta: theta != nil
            )
        } catch {
            throw .invalidField(error)
        }
        try checkSize(model, limits)
    }

    /// A body that is the bytes of one observation; all outputs are binary.
    init(
        raw body: [UInt8],
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(APIError) {
        do throws(JSONFieldError) {
            guard body.count == 4 * model.posterior.xDim else {
                throw .mismatch(
                    path: "body",
                    expected: "\(4 * model.posterior.xDim) bytes, one observation as FP32",
                    found: "\(body.count)"
                )
            }
            let values = TensorType.fp32.floats(body[...])
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw .mismatch(
                    path: "input observation",
                    expected: "finite numbers",
                    found: "\(values[index]) at element \(index)"
                )
            }
            observations = try Self.observations(
                NumericArray(shape: [1, values.count], values: values),
                model,
                limits
            )
        } catch {
            throw .invalidField(error)
        }
        fisherCount = min(fisherCount, limits.draws)
        outputs = Output.allCases.map { Wanted(output: $0, isBinary: true) }
        try checkSize(model, limits)
    }

    /// The inputs by name, in the order of their binary data.
    private static func inputs(_ fields: JSONFields) throws(APIError) -> [(String, JSONFields)] {
        do throws(JSONFieldError) {
            let list = try fields.required("inputs", expected: "a list of inputs")
            var inputs: [(String, JSONFields)] = []
            for element in try list.elements() {
                let input = try element.object()
                try input.refuseOthers(than: ["name", "shape", "datatype", "parameters", "data"])
                let field = try input.required("name", expected: "the name of an input")
                let name = try field.string()
                guard name == "observation" || name == "theta" else {
                    throw field.mismatch("\"observation\" or \"theta\"")
                }
                guard !inputs.contains(where: { $0.0 == name }) else {
                    throw field.mismatch("each input once")
                }
                inputs.append((name, input))
            }
            guard !inputs.isEmpty else { throw list.mismatch("a list of inputs") }
            return inputs
        } catch {
            throw .invalidField(error)
        }
    }

    private static func observations(
        _ array: NumericArray,
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(JSONFieldError) -> ObservationList {
        let list: ObservationList
        do throws(JSONFieldError) {
            list = try ObservationList(array, shape: model.xShape, limits: limits)
        } catch {
            guard case .mismatch(_, let expected, let found) = error else { throw error }
            throw .mismatch(path: "input observation", expected: expected, found: found)
        }
        guard list.isBatch else {
            throw .mismatch(
                path: "input observation",
                expected: "a batch, [B, \(model.posterior.xDim)]",
                found: "\(array.shape)"
            )
        }
        return list
    }

    private static func check(
        _ theta: NumericArray?,
        _ observations: Int,
        _ model: ModelCatalog.Entry
    ) throws(JSONFieldError) {
        guard let theta else { return }
        let dimension = model.posterior.thetaDim
        guard theta.shape.count == 3, theta.shape[0] == observations, theta.shape[1] > 0,
            theta.shape[2] == dimension
        else {
            throw .mismatch(
                path: "input theta",
                expected: "the shape [\(observations), S, \(dimension)]",
                found: "\(theta.shape)"
            )
        }
    }

    /// Refuses parameters that would change the answer of a server that knew them.
    private static func refuseReserved(_ parameters: JSONField?) throws(JSONFieldError) {
        guard let parameters else { return }
        for member in parameters.value.members {
            let field = JSONField(member.value, path: "parameters.\(member.name.prefix(64))")
            switch member.value.kind {
            case .boolean, .number, .string, .null: break
            case .array, .object: throw field.mismatch("a string, a number or a boolean")
            }
            if member.name.hasPrefix("sequence_") || member.name.hasPrefix("triton_")
                || member.name == "headers"
            {
                throw field.mismatch("nothing: this parameter is not supported")
            }
        }
    }

    private static func outputs(
        _ fields: JSONFields,
        isBinary: Bool,
        hasTheta: Bool
    ) throws(JSONFieldError) -> [Wanted] {
        let list = try fields.optional("outputs")?.elements() ?? []
        guard !list.isEmpty else {
            // log_prob is that of theta, where there is one; draws would be something else.
            return Output.allCases.filter { !hasTheta || $0 != .samples }
                .map { Wanted(output: $0, isBinary: isBinary) }
        }
        var wanted: [Wanted] = []
        for element in list {
            let output = try element.object()
            try output.refuseOthers(than: ["name", "parameters", "shape", "datatype"])
            // Clients may say what they expect; what comes back says what it is.
            _ = try output.optional("shape")?.elements()
            _ = try output.optional("datatype")?.string()
            let field = try output.required("name", expected: "the name of an output")
            guard let name = try Output(rawValue: field.string()) else {
                let names = Output.allCases.map { "\"\($0.rawValue)\"" }
                throw field.mismatch(names.joined(separator: ", "))
            }
            guard !wanted.contains(where: { $0.output == name }) else {
                throw field.mismatch("each output once")
            }
            let parameters = try output.optional("parameters")?.object()
            if let field = parameters?.optional("classification") {
                throw field.mismatch("nothing: outputs are no classes")
            }
            let own = try parameters?.optional("binary_data")?.boolean()
            wanted.append(Wanted(output: name, isBinary: own ?? isBinary))
        }
        return wanted
    }

    /// Whether an output is asked for.
    func wants(_ output: Output) -> Bool { outputs.contains { $0.output == output } }

    /// Whether draws are made before the answer begins: it says how long the JSON is that binary
    /// data follow.
    var needsDrawsFirst: Bool {
        outputs.contains(where: \.isBinary)
            && outputs.contains { $0.output == .samples && !$0.isBinary }
    }

    /// Refuses answers that are too long, by what each of them costs.
    private func checkSize(
        _ model: ModelCatalog.Entry,
        _ limits: ServiceLimits
    ) throws(APIError) {
        do throws(JSONFieldError) {
            let batch = observations.count
            let isDrawn = wants(.samples) || wants(.logProb) && theta == nil
            // 10⁵ · 10⁷ · 2¹³: no overflow.
            let numbers = isDrawn ? batch * count * (model.posterior.thetaDim + 1) : 0
            let isHeld =
                model.posterior.support == .truncated || needsDrawsFirst
                || outputs.contains { $0.output == .logProb && !$0.isBinary }
            let most = isHeld ? limits.numbers : limits.streamedNumbers
            guard numbers <= most else {
                throw .mismatch(
                    path: "parameters.num_samples",
                    expected: "an answer of at most \(most) numbers",
                    found: "\(batch) × \(count) × \(model.posterior.thetaDim + 1) = \(numbers)"
                        + "; ask for less at a time"
                )
            }
            if wants(.fisherTrace) {
                try limits.checkNumbers(
                    "parameters.fisher_samples",
                    rows: fisherCount,
                    width: model.scoreWidth
                )
                try limits.checkEvaluations(
                    "parameters.fisher_samples",
                    "draws",
                    fisherCount,
                    observations: batch
                )
            }
            try limits.checkAcceptanceRates(of: model.posterior, observations: batch)
        } catch {
            throw .invalidField(error)
        }
    }
}
