import Foundation
import Training

/// Shows the course of training on standard error: a bar on a terminal, plain lines elsewhere.
struct ProgressDisplay {
    /// How many runs there are.
    private let runs: Int
    /// Whether the learning rate falls, so that it is worth a place.
    private let showsLearningRate: Bool
    /// Whether the batches grow.
    private let showsBatchSize: Bool
    /// Whether standard error is a terminal.
    private let isTerminal = isatty(STDERR_FILENO) == 1
    /// When the last plain line was written.
    private var lastLine: ContinuousClock.Instant?
    /// Whether a bar stands on the current line.
    private var hasBar = false

    /// Makes a display of runs with these settings.
    init(_ configuration: TrainingConfiguration, runs: Int) {
        self.runs = runs
        showsLearningRate = configuration.learningRateDecay != .constant
        showsBatchSize = configuration.finalBatchSize != nil
    }

    /// Shows how far the run of this index has come.
    mutating func show(_ run: Int, _ progress: TrainingProgress) {
        if isTerminal {
            write("\r\u{1b}[K\(bar(run, progress))")
            hasBar = true
            return
        }
        let isLast = progress.isEpochEnd && progress.epoch == progress.epochs
        guard progress.isEpochEnd, isLast || isLineDue else { return }
        lastLine = .now
        write("\(line(run, progress))\n")
    }

    /// Ends the line of the bar.
    mutating func finish() {
        if hasBar { write("\n") }
        hasBar = false
    }

    /// Whether the last plain line is two seconds old.
    private var isLineDue: Bool {
        guard let lastLine else { return true }
        return ContinuousClock.now - lastLine >= .seconds(2)
    }

    /// One line of text about an epoch.
    private func line(_ run: Int, _ progress: TrainingProgress) -> String {
        var parts = runs > 1 ? ["run \(run + 1)/\(runs)"] : []
        parts += [
            "epoch \(progress.epoch)/\(progress.epochs)",
            String(format: "training %.3f", progress.trainingLoss),
        ]
        if let loss = progress.validationLoss {
            parts.append(String(format: "validation %.3f", loss))
        }
        if let best = progress.best {
            parts.append(String(format: "best %.3f (epoch %d)", best.validationLoss, best.epoch))
        }
        if showsLearningRate { parts.append(String(format: "rate %.1e", progress.learningRate)) }
        if showsBatchSize { parts.append("batch \(progress.batchSize)") }
        parts.append(clock(progress.elapsed))
        return parts.joined(separator: "  ")
    }

    /// The bar, the losses, and the time that is left.
    private func bar(_ run: Int, _ progress: TrainingProgress) -> String {
        let width = 20
        let filled = Int(progress.fraction * Double(width))
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        var text = "\(bar) \(line(run, progress))"
        if progress.fraction > 0.02 {
            let left = progress.elapsed * (1 / progress.fraction - 1)
            text += ", \(clock(left)) left"
        }
        return text
    }

    /// A duration as minutes and seconds.
    private func clock(_ duration: Duration) -> String {
        let seconds = Int(duration / .seconds(1))
        return String(format: "%d:%02d", seconds / 60, seconds % 60)
    }

    /// Writes to standard error.
    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
