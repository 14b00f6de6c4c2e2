import Foundation
import Robustness

/// Shows the course of an evaluation on standard error: a bar on a terminal, plain lines elsewhere.
final class EvaluationDisplay {
    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last: (phase: String, time: ContinuousClock.Instant)?
    private var hasBar = false

    /// Shows how far it has come.
    func show(_ progress: EvaluationProgress) {
        let now = ContinuousClock.now
        // A terminal may be slow; a log wants a line a phase at most.
        if let last {
            let isDue = now - last.time >= (isTerminal ? .milliseconds(100) : .seconds(2))
            guard isDue, isTerminal || last.phase != progress.phase else { return }
        }
        last = (progress.phase, now)
        let percent = String(format: "%3.0f %%", progress.fraction * 100)
        let elapsed = now - start
        var text = "\(percent)  \(progress.phase)  \(clock(elapsed))"
        guard isTerminal else {
            write("\(text)\n")
            return
        }
        if progress.fraction > 0.02 {
            text += ", \(clock(elapsed * (1 / progress.fraction - 1))) left"
        }
        let width = 20
        let filled = Int(progress.fraction * Double(width))
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        write("\r\u{1b}[K\(bar) \(text)")
        hasBar = true
    }

    /// Ends the line of the bar.
    func finish() {
        if hasBar { write("\n") }
        hasBar = false
    }

    /// A duration as minutes and seconds.
    private func clock(_ duration: Duration) -> String {
        let seconds = Int(duration / .seconds(1))
        return String(format: "%d:%02d", seconds / 60, seconds % 60)
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
