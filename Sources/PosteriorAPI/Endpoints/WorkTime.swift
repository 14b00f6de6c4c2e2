import HTTPMessages

/// When the work on a request has to end.
struct WorkTime {
    let deadline: ContinuousClock.Instant
    let cancellation: Cancellation

    /// Whether nobody waits any more or the time is up.
    var isUp: Bool { cancellation.isCancelled || ContinuousClock.now >= deadline }

    /// Ends the whole request when nobody waits for it.
    func throwIfCancelled() throws(APIError) {
        guard !cancellation.isCancelled else { throw .cancelled }
    }
}
