import Estimators

/// How much work of a model a loop may do itself, found by trying.
///
/// Handing a request to a worker and its answer back costs two wake-ups, more than a few draws
/// of a small model. What a draw costs depends on the model and the machine, so it is measured,
/// once, when the service is made. Where work is done changes no bit of an answer.
enum QuickWork {
    /// The most draws of an observation that are tried.
    private static let mostDraws = 16
    /// The longest body, in bytes, that is read on a loop: a few microseconds.
    static let bodyBytes = 4096

    /// The most draws, a power of two, that took no longer than `time`; 0 if one took longer.
    static func draws(of posterior: Posterior, within time: Duration) -> Int {
        var draws = 0
        var next = 1
        while next <= mostDraws, duration(of: next, posterior) <= time {
            draws = next
            next *= 2
        }
        return draws
    }

    /// The shortest of several tries; others may have met an interruption.
    private static func duration(of count: Int, _ posterior: Posterior) -> Duration {
        let observation = [Float](repeating: 0, count: posterior.xDim)
        let clock = ContinuousClock()
        var shortest = Duration.seconds(1)
        for _ in 0..<5 {
            let start = clock.now
            _ = posterior.sample(count: count, given: observation, seed: 1, withLogProb: true)
            shortest = min(shortest, start.duration(to: clock.now))
        }
        return shortest
    }
}
