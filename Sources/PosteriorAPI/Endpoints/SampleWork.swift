/// A request for draws with its observations read: what is left is to draw and to encode.
struct SampleWork {
    let request: SampleRequest
    let seed: UInt64
    /// The numbers of the usable observations, one after the other.
    private(set) var x: [Float] = []
    /// How many observations are usable.
    private(set) var usable = 0
    /// For each observation its place among the usable ones, or why it is not.
    private(set) var entries: [SampleAnswer.Entry] = []

    /// Reads the observations.
    ///
    /// - Throws: What is wrong with the only one.
    init(_ request: SampleRequest) throws(APIError) {
        self.request = request
        seed = request.seed ?? SeedSource.shared.next()
        for index in request.observations.indices {
            do throws(APIError) {
                try request.observations.append(index, to: &x)
                entries.append(.success(usable))
                usable += 1
            } catch {
                entries.append(.failure(error))
            }
        }
        try ObservationList.throwIfAlone(entries)
    }

    /// The draws it asks for, over all observations.
    var draws: Int { usable * request.count }

    /// Whether both can be drawn in one go.
    func isAlike(_ other: SampleWork) -> Bool {
        request.count == other.request.count && request.withLogProb == other.request.withLogProb
    }
}
