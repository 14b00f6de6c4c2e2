import CoreMetrics
import Synchronization

/// A value that its owner reads: what a counter or a gauge has come to.
final class NumberHandler: CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler
{
    private let state = Mutex(0.0)

    var value: Double { state.withLock { $0 } }

    func increment(by amount: Int64) { state.withLock { $0 += Double(amount) } }

    func increment(by amount: Double) { state.withLock { $0 += amount } }

    func decrement(by amount: Double) { state.withLock { $0 -= amount } }

    func set(_ value: Int64) { state.withLock { $0 = Double(value) } }

    func set(_ value: Double) { state.withLock { $0 = value } }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func reset() { set(0.0) }
}

/// Counts of values up to each bound.
final class HistogramHandler: RecorderHandler, TimerHandler {
    /// What has been recorded.
    struct Counts: Equatable, Sendable {
        /// Values at or below each bound and above the one before, then those above all.
        var buckets: [Int]
        var sum = 0.0
    }

    let bounds: [Double]
    private let state: Mutex<Counts>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Counts(buckets: [Int](repeating: 0, count: bounds.count + 1)))
    }

    var counts: Counts { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // NaN would spoil the sum for ever.
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.buckets[index] += 1
            state.sum += value
        }
    }

    /// Records a duration in seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
