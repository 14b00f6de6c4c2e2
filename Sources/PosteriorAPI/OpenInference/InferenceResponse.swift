import HTTPMessages
import HTTPTypes
import NumericArrays
import StrictJSON

/// The answer to an inference request.
struct InferenceResponse {
    /// One output.
    struct Tensor {
        enum Content {
            case values([Float])
            /// theta of the draws, made while they are sent.
            case samples
            /// log q of the draws, made while they are sent.
            case logProb
        }

        var wanted: InferenceRequest.Wanted
        var shape: [Int]
        var content: Content

        var byteCount: Int { shape.reduce(4, *) }
    }

    let model: ModelCatalog.Entry
    let id: String?
    let seed: UInt64
    let tensors: [Tensor]

    /// The response, streamed where there are draws to be made.
    ///
    /// - Throws: `APIError` when JSON cannot hold a number.
    func response(_ source: DrawSource) throws(APIError) -> ServerResponse {
        for tensor in tensors where !tensor.wanted.isBinary {
            guard case .values(let values) = tensor.content,
                let index = values.firstIndex(where: { !$0.isFinite })
            else { continue }
            throw .unanswerable(
                path: "output \(tensor.wanted.output.rawValue)",
                reason: "element \(index) is \(values[index]), which JSON cannot hold;"
                    + " ask for it with binary_data"
            )
        }
        let json = jsonParts(batch: source.observations)
        let binary = tensors.filter(\.wanted.isBinary)
        var head = HTTPResponse(
            status: .ok,
            headerFields: [.contentType: "application/json"]
        )
        if !binary.isEmpty {
            head.headerFields[.contentType] = "application/octet-stream"
            head.headerFields[.inferenceHeaderContentLength] = nil
        }
        var parts = json
        for tensor in binary {
            switch tensor.content {
            case .values(let values):
                var bytes: [UInt8] = []
                bytes.append(littleEndian: values[...])
                parts.append(.bytes(bytes))
            case .samples: parts.append(.samples(0..<source.observations, .binary))
            case .logProb: parts.append(.logProb(0..<source.observations, .binary))
            }
        }
        if !binary.isEmpty {
            // What is to be JSON was made first, `InferenceRequest.needsDrawsFirst`.
            var count = 0
            for case .bytes(let bytes) in json { count += bytes.count }
            head.headerFields[.inferenceHeaderContentLength] = String(count)
        }
        var body: [UInt8] = []
        for part in parts {
            guard case .bytes(let bytes) = part else {
                return ServerResponse(head: head, stream: DrawStream(source, parts))
            }
            body += bytes
        }
        return ServerResponse(head: head, body: body)
    }

    private func jsonParts(batch: Int) -> [DrawStream.Part] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("model_name")
        writer.string(model.name)
        writer.key("model_version")
        writer.string(String(model.version))
        if let id {
            writer.key("id")
            writer.string(id)
        }
        writer.key("parameters")
        writer.beginObject()
        writer.key("seed")
        writer.integer(seed)
        writer.endObject()
        writer.endObject()
        var parts: [DrawStream.Part] = []
        var text = Array(writer.finish().dropLast()) + Array(#","outputs":["#.utf8)
        for (index, tensor) in tensors.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("name")
            writer.string(tensor.wanted.output.rawValue)
            writer.key("shape")
            writer.integers(tensor.shape)
            writer.key("datatype")
            writer.string(TensorType.fp32.rawValue)
            if tensor.wanted.isBinary {
                writer.key("parameters")
                writer.beginObject()
                writer.key("binary_data_size")
                writer.integer(tensor.byteCount)
                writer.endObject()
                writer.endObject()
                text += writer.finish()
                continue
            }
            if case .values(let values) = tensor.content {
                writer.key("data")
                writer.numbers(values.span)
                writer.endObject()
                text += writer.finish()
                continue
            }
            writer.endObject()
            text += writer.finish().dropLast()
            text += Array(#","data":["#.utf8)
            parts += [.bytes(text), .samples(0..<batch, .flat)]
            text = Array("]}".utf8)
        }
        text += Array("]}".utf8)
        parts.append(.bytes(text))
        return parts
    }
}

extension HTTPField.Name {
    /// The length of the JSON before binary tensors.
    static let inferenceHeaderContentLength: HTTPField.Name = {
        guard let name = HTTPField.Name("Inference-Header-Content-Length") else {
            preconditionFailure("no token")
        }
        return name
    }()
}
