import ContentCoding
public import HTTPMessages
public import HTTPTypes

/// A service whose requests may come compressed and whose answers leave so where clients like it.
///
/// Inflation always runs on a worker. Answers are compressed where they are made: what a loop
/// answers is small. Whether a client takes any coding that there is, is known before the work
/// begins.
///
/// *Reference*: RFC 9110 §8.4, §12.5.3, §12.5.5.
public struct CodedService: HTTPService {
    private let service: any HTTPService
    /// Most decoded bytes of a request.
    private let decodedBytes: Int

    /// Makes a service of one that knows nothing of codings.
    ///
    /// - Parameters:
    ///   - service: Whose requests and answers these are.
    ///   - decodedBytes: Most bytes that the content of a request may expand to.
    public init(_ service: any HTTPService, decodedBytes: Int) {
        self.service = service
        self.decodedBytes = decodedBytes
    }

    /// Asks the service, and refuses what could be neither read nor answered.
    public func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        let admission = service.admit(
            request,
            hasBody: hasBody,
            hasLength: hasLength,
            context: &context
        )
        switch admission {
        case .respond(let response):
            return .respond(AnswerCoding(request).apply(to: response))
        case .compute:
            guard Self.decoder(of: request) != nil else {
                return .respond(PosteriorService.response(.unsupportedCoding, to: request))
            }
            guard AnswerCoding(request).accepted != .none else {
                return .respond(AnswerCoding(request).refusal)
            }
            return admission
        }
    }

    /// Answers quickly what needs no inflation.
    public func answerQuickly(_ requests: [AdmittedRequest]) -> [ServerResponse?] {
        guard requests.allSatisfy({ Self.decoder(of: $0.request) == .identity }) else {
            var answers = [ServerResponse?](repeating: nil, count: requests.count)
            let plain = requests.indices.filter { index in
                Self.decoder(of: requests[index].request) == .identity
            }
            let plainAnswers = service.answerQuickly(plain.map { requests[$0] })
            for (index, answer) in zip(plain, plainAnswers) {
                answers[index] = answer.map(AnswerCoding(requests[index].request).apply)
            }
            return answers
        }
        return zip(requests, service.answerQuickly(requests)).map { request, answer in
            answer.map(AnswerCoding(request.request).apply)
        }
    }

    /// Inflates the content, lets the service answer, and compresses what it says.
    public func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        do throws(ContentDecoder.Failure) {
            let decoder = Self.decoder(of: request.request) ?? .identity
            let content = try decoder.decode(request.body, limits: .init(bytes: decodedBytes)) {
                cancellation.isCancelled
            }
            let response = service.compute(
                AdmittedRequest(request.request, body: content, context: request.context),
                idleWorkers: idleWorkers,
                cancellation: cancellation
            )
            return AnswerCoding(request.request).apply(to: response)
        } catch {
            return PosteriorService.response(.undecodable(error), to: request.request)
        }
    }

    /// Leaves the words to the service.
    public func refusal(_ error: HTTPParseError, of request: HTTPRequest?) -> ServerResponse {
        service.refusal(error, of: request)
    }

    private static func decoder(of request: HTTPRequest) -> ContentDecoder? {
        for field in request.headerFields where field.name == .contentEncoding {
            return ContentDecoder(field.value)
        }
        return .identity
    }
}
