/// A point on a clock that never goes back; the caller reads the clock, the protocol compares.
public struct MonotonicTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since an origin that stays fixed while the process lives.
    public let nanoseconds: UInt64

    /// Makes a point in time from nanoseconds since the clock's origin.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Orders points in time.
    public static func < (earlier: MonotonicTime, later: MonotonicTime) -> Bool {
        earlier.nanoseconds < later.nanoseconds
    }

    /// The time from an earlier point to this one; zero when that one is later.
    package func since(_ earlier: MonotonicTime) -> Duration {
        guard earlier < self else { return .zero }
        return .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds))
    }

    /// The point `duration` later.
    ///
    /// *Edge cases*: a negative duration counts as zero; the far future is the largest value.
    package func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return self }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (later, overflowAgain) = nanoseconds.addingReportingOverflow(whole)
        let (sum, overflowAtLast) = later.addingReportingOverflow(
            UInt64(attoseconds) / 1_000_000_000
        )
        guard !overflow, !overflowAgain, !overflowAtLast else {
            return MonotonicTime(nanoseconds: .max)
        }
        return MonotonicTime(nanoseconds: sum)
    }
}
