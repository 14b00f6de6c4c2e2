import HTTPMessages
import HTTPTypes
import StrictJSON

// `POST /v2/models/…/infer`, from what came to the endpoint.
extension PosteriorService {
    /// Answers an inference request.
    func infer(
        _ admitted: AdmittedRequest,
        _ match: Router.Match,
        workers: Int,
        _ cancellation: Cancellation
    ) throws(APIError) -> ServerResponse {
        let (request, body) = (admitted.request, admitted.body)
        let entry = try entry(match, admitted.context)
        let start = ContinuousClock.now
        do throws(APIError) {
            guard !body.isEmpty else { throw .missingBody }
            _ = try checkedLimit(request, body)
            let length = try Self.jsonLength(request, body.count)
            let read =
                length == 0
                ? try InferenceRequest(raw: body, entry, limits)
                : try InferenceRequest(body, jsonLength: length, entry, limits)
            let response = try InferenceEndpoint.answer(
                read,
                model: entry,
                limits: limits,
                workers: workers,
                cancellation: cancellation
            )
            entry.statistics.note(isSuccess: true, start.duration(to: .now))
            return response
        } catch {
            entry.statistics.note(isSuccess: false, start.duration(to: .now))
            throw error
        }
    }

    /// What `Inference-Header-Content-Length` says; nil where it is not there.
    private static func jsonLength(
        _ request: HTTPRequest,
        _ bodyBytes: Int
    ) throws(APIError) -> Int? {
        let fields = request.headerFields[values: .inferenceHeaderContentLength]
        guard let text = fields.first else { return nil }
        let isNumber =
            (1...10).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard fields.count == 1, isNumber, let length = Int(text), length <= bodyBytes else {
            throw .invalidField(
                .mismatch(
                    path: "Inference-Header-Content-Length",
                    expected: "the length of the JSON, at most the \(bodyBytes) bytes of the body",
                    found: String(fields.joined(separator: ", ").prefix(64))
                )
            )
        }
        return length
    }
}
