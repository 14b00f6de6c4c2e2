/// Small requests for draws of one model that came at the same time.
struct SampleBatch {
    private let model: ModelCatalog.Entry
    private var works: [SampleWork]
    private var draws: Int
    /// Whose they are.
    private(set) var indices: [Int]

    /// Puts a request into the first batch it fits into, or into a new one.
    static func add(
        _ work: SampleWork,
        of index: Int,
        _ model: ModelCatalog.Entry,
        to batches: inout [SampleBatch]
    ) {
        for place in batches.indices {
            guard batches[place].model === model, batches[place].works[0].isAlike(work),
                batches[place].draws + work.draws <= model.quickDraws
            else { continue }
            batches[place].works.append(work)
            batches[place].draws += work.draws
            batches[place].indices.append(index)
            return
        }
        batches.append(
            SampleBatch(model: model, works: [work], draws: work.draws, indices: [index])
        )
    }

    /// The answers, in the order of `indices`.
    func answers() -> [Result<[UInt8], APIError>] {
        SampleEndpoint.answers(works, model: model, workers: 1)
    }
}
