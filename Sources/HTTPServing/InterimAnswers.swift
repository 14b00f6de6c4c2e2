/// How many interim answers a request has had, and when the next is due.
///
/// A client that sends no more is looked after by one, soon and then each time after four times as
/// long: one that leaves is found out after at most four times the time it was there.
///
/// There are five in all, one that was asked for with `Expect` among them. RFC 9110 §15.2 sets no
/// bound, but clients do: Go's before 1.24 takes five, Java's eight. Perl's LWP and PHP's streams
/// take one, and node's `fetch` and nginx none; these never end their output before the answer.
package struct InterimAnswers: Sendable {
    private static let limit = 5

    private var count = 0
    private var delay = Duration.milliseconds(30)

    package init() {}

    /// Counts one that is sent.
    package mutating func sent() {
        count += 1
    }

    /// How long to wait before the next looks after the client; nil when there were enough.
    package mutating func nextDelay() -> Duration? {
        guard count < Self.limit else { return nil }
        defer { delay *= 4 }
        return delay
    }
}
