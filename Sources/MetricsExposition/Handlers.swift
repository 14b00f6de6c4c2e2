import CoreMetrics
import Synchronization

/// A value that its owner reads: what a counter or a gauge has come to.
final class NumberHandler: CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler
{
    private let starts: LineStarts
    private let state = Mutex(0.0)

    /// - Parameter starts: What stands before the value.
    init(_ starts: LineStarts = LineStarts([])) {
        self.starts = starts
    }

    func increment(by amount: Int64) { state.withLock { $0 += Double(amount) } }

    func increment(by amount: Double) { state.withLock { $0 += amount } }

    func decrement(by amount: Double) { state.withLock { $0 -= amount } }

    func set(_ value: Int64) { state.withLock { $0 = Double(value) } }

    func set(_ value: Double) { state.withLock { $0 = value } }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func reset() { set(0.0) }

    /// Writes the line of the value.
    func append(to bytes: inout [UInt8]) {
        let value = state.withLock { $0 }
        starts.append(0, value, to: &bytes)
    }
}

/// Counts of values up to each bound.
final class HistogramHandler: RecorderHandler, TimerHandler {
    private struct State {
        /// Values at or below each bound and above the one before, then those above all.
        var buckets: [Int]
        var sum = 0.0
        /// The lines as they were written last, and whether they are those of now.
        var lines: [UInt8] = []
        var areCurrent = false
    }

    private let bounds: [Double]
    private let starts: LineStarts
    private let state: Mutex<State>

    /// - Parameters:
    ///   - bounds: The upper ends of the buckets, ascending.
    ///   - starts: What stands before the count of each bucket, that of all values above, the sum and
    ///     the count of all.
    init(bounds: [Double], _ starts: LineStarts = LineStarts([])) {
        self.bounds = bounds
        self.starts = starts
        state = Mutex(State(buckets: [Int](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // NaN would spoil the sum for ever.
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.buckets[index] += 1
            state.sum += value
            state.areCurrent = false
        }
    }

    /// Records a duration in seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// Writes the lines of all values, put together anew only after one was recorded.
    func append(to bytes: inout [UInt8]) {
        state.withLock { state in
            if !state.areCurrent {
                state.lines.removeAll(keepingCapacity: true)
                write(state.buckets, sum: state.sum, to: &state.lines)
                state.areCurrent = true
            }
            bytes += state.lines
        }
    }

    private func write(_ buckets: [Int], sum: Double, to lines: inout [UInt8]) {
        var total = 0
        for (index, count) in buckets.enumerated() {
            total += count
            starts.append(index, total, to: &lines)
        }
        starts.append(buckets.count, sum, to: &lines)
        starts.append(buckets.count + 1, total, to: &lines)
    }
}
