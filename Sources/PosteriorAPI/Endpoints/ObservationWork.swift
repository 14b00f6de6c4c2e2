/// The observations of a request that can be used, for calls that look whether they are to end.
struct ObservationWork<Answer> {
    /// The numbers of the usable observations, `[B, L]`.
    private(set) var x: [Float] = []
    /// The numbers that go with them, as many for each.
    private(set) var extra: [Float] = []
    /// Which of the request's observations these are.
    private(set) var usable: [Int] = []
    /// What is known of each of the request's observations.
    var entries: [Result<Answer, APIError>] = []

    /// Reads the observations; until it is worked out, one was not reached in time.
    ///
    /// - Throws: What is wrong with the only one.
    init(
        _ observations: ObservationList,
        extra append: (Int, inout [Float]) throws(APIError) -> Void = { _, _ in }
    ) throws(APIError) {
        for index in observations.indices {
            let (start, extraStart) = (x.count, extra.count)
            do throws(APIError) {
                try observations.append(index, to: &x)
                try append(index, &extra)
                usable.append(index)
                entries.append(.failure(.timeLimit(path: observations.path(index))))
            } catch {
                x.removeLast(x.count - start)
                extra.removeLast(extra.count - extraStart)
                entries.append(.failure(error))
            }
        }
        if usable.isEmpty { try ObservationList.throwIfAlone(entries) }
    }
}
