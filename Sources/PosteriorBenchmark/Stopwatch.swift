/// One piece of work to be timed.
struct BenchmarkCase {
    /// `<estimator>/<work>/<size>`.
    var name: String
    /// Floating-point operations of one run, where the rate is of interest.
    var operations: Double?
    /// The work.
    var run: () -> Void

    init(name: String, operations: Double? = nil, run: @escaping () -> Void) {
        self.name = name
        self.operations = operations
        self.run = run
    }
}

/// What the runs of one piece of work took.
struct Measurement {
    var name: String
    /// Seconds of each run, ascending.
    var seconds: [Double]
    /// Floating-point operations of one run.
    var operations: Double?

    /// The value below which a share of the runs lies.
    func quantile(_ share: Double) -> Double {
        let place = share * Double(seconds.count - 1)
        let lower = Int(place)
        let upper = min(lower + 1, seconds.count - 1)
        return seconds[lower] + (place - Double(lower)) * (seconds[upper] - seconds[lower])
    }

    /// 10⁹ operations a second at the median.
    var gigaflops: Double? { operations.map { $0 / quantile(0.5) / 1e9 } }

    /// One line of the table.
    var line: String {
        func microseconds(_ seconds: Double) -> String {
            let tenths = Int((seconds * 1e7).rounded())
            let text = "\(tenths / 10).\(tenths % 10)"
            return String(repeating: " ", count: max(0, 11 - text.count)) + text
        }
        let padded = name + String(repeating: " ", count: max(1, 28 - name.count))
        let rate = gigaflops.map { "  \(Int($0.rounded())) GFLOP/s" } ?? ""
        return "\(padded) median \(microseconds(quantile(0.5))) us"
            + "  [\(microseconds(quantile(0.25))), \(microseconds(quantile(0.75)))]"
            + "  min \(microseconds(seconds[0]))  n \(seconds.count)\(rate)"
    }
}

/// Runs work until a time is up, after a warm-up.
struct Stopwatch {
    /// Seconds to spend on one piece of work.
    var seconds: Double

    func measure(_ work: BenchmarkCase) -> Measurement {
        let clock = ContinuousClock()
        let warmUp = clock.now
        repeat { work.run() } while warmUp.duration(to: clock.now) < .seconds(seconds / 5)
        var runs: [Double] = []
        let start = clock.now
        repeat {
            let duration = clock.measure { work.run() }
            runs.append(duration / .seconds(1))
        } while runs.count < 5 || start.duration(to: clock.now) < .seconds(seconds)
        return Measurement(name: work.name, seconds: runs.sorted(), operations: work.operations)
    }
}
