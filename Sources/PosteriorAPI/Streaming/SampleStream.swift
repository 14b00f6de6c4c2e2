import Estimators
import HTTPMessages
import HTTPTypes
import NumericArrays
import StrictJSON

/// Long answers to `POST …/sample`: the bytes of `SampleAnswer`, made while they are sent.
enum SampleStream {
    /// Answers of so many numbers are made while they are sent; a megabyte of them.
    static let leastNumbers = 1 << 18

    /// Whether an answer is better made while it is sent.
    static func suits(_ work: SampleWork, _ model: ModelCatalog.Entry) -> Bool {
        let width = model.posterior.thetaDim + (work.request.withLogProb ? 1 : 0)
        return work.request.output == .samples && work.draws * width >= leastNumbers
    }

    /// The stream of a JSON answer.
    ///
    /// - Throws: `APIError` for a lone observation without an answer.
    static func json(
        _ work: SampleWork,
        _ model: ModelCatalog.Entry,
        workers: Int
    ) throws(APIError) -> DrawStream {
        let source = source(work, model)
        let entries = try checked(work, source, workers: workers)
        let frame = JSONWriter.answer(
            model: model.name,
            version: model.version,
            seed: work.seed,
            [Result<Int, APIError>]()
        ) { _, _ in }
        var parts: [DrawStream.Part] = [.bytes(Array(frame.dropLast(2)))]
        let (start, middle) = (Array(#"{"samples":["#.utf8), Array(#"],"log_prob":["#.utf8))
        let (end, comma) = (Array("]}".utf8), Array(",".utf8))
        for (index, entry) in entries.enumerated() {
            if index > 0 { parts.append(.bytes(comma)) }
            switch entry {
            case .success(let place):
                parts += [.bytes(start), .samples(place..<place + 1, .rows)]
                if work.request.withLogProb {
                    parts += [.bytes(middle), .logProb(place..<place + 1, .flat)]
                }
                parts.append(.bytes(end))
            case .failure(let error):
                var writer = JSONWriter(capacity: 256)
                writer.beginObject()
                writer.key("error")
                error.write(to: &writer)
                writer.endObject()
                parts.append(.bytes(writer.finish()))
            }
        }
        parts.append(.bytes(end))
        return DrawStream(source, parts)
    }

    /// The stream of an array `[B, S, D]`.
    ///
    /// - Throws: `APIError` for the first observation without an answer, for which an array has no
    ///   place.
    static func npy(
        _ work: SampleWork,
        _ model: ModelCatalog.Entry,
        workers: Int
    ) throws(APIError) -> DrawStream {
        let source = source(work, model)
        for entry in try checked(work, source, workers: workers) {
            if case .failure(let error) = entry { throw error }
        }
        let shape = [work.usable, work.request.count, model.posterior.thetaDim]
        return DrawStream(
            source,
            [.bytes(ArrayHeader.encoded(shape: shape)), .samples(0..<work.usable, .binary)]
        )
    }

    private static func source(_ work: SampleWork, _ model: ModelCatalog.Entry) -> DrawSource {
        DrawSource(model: model, x: work.x, seed: work.seed, count: work.request.count)
    }

    /// The observations, those left out whose draws are not finite.
    private static func checked(
        _ work: SampleWork,
        _ source: DrawSource,
        workers: Int
    ) throws(APIError) -> [SampleAnswer.Entry] {
        let areFinite = source.areFinite(workers: workers)
        let entries = work.entries.enumerated().map { index, entry in
            entry.flatMap { place in
                areFinite[place]
                    ? .success(place)
                    : .failure(.drawsNotFinite(path: work.request.observations.path(index)))
            }
        }
        try ObservationList.throwIfAlone(entries)
        return entries
    }
}

extension APIError {
    /// The posterior of an observation is beyond the numbers of the estimator.
    static func drawsNotFinite(path: String) -> Self {
        .unanswerable(
            path: path,
            reason: "the draws of this observation's posterior are not finite"
        )
    }
}
