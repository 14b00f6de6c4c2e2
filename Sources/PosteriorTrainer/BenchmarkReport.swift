import Estimators
import Foundation
import ModelStore
import StrictJSON

/// How far a trained posterior is from the reference posteriors of its task.
struct BenchmarkReport: CustomStringConvertible {
    /// The task.
    let task: String
    /// The command line, which with the release is all a repetition needs.
    let arguments: [String]
    /// Number of simulations trained on.
    let simulations: Int
    /// The most samples of each posterior that were compared.
    let samples: Int
    /// The seed of the run.
    let seed: UInt64
    /// The estimator in a word.
    let estimator: String
    /// How the posterior keeps to the prior.
    let support: PosteriorSupport
    /// How each estimator of the posterior was trained.
    let members: [MemberRecord]
    /// Whether all training that was asked for came to its end.
    let isFinished: Bool
    /// Time spent training, on `threads` threads.
    let trainingSeconds: Double
    /// Number of threads.
    let threads: Int
    /// The C2ST of each observation.
    let accuracies: [Double]

    /// The mean over the observations.
    var mean: Double { accuracies.reduce(0, +) / Double(accuracies.count) }

    /// The sample standard deviation over the observations.
    var standardDeviation: Double {
        let squares = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(max(accuracies.count - 1, 1))).squareRoot()
    }

    /// The published mean, where there is one.
    var published: Double? { PublishedResults.accuracy(task: task, simulations: simulations) }

    /// A line an observation, then the mean beside the published one.
    var description: String {
        var lines = accuracies.enumerated().map { index, accuracy in
            String(format: "observation %2d  C2ST %.3f", index + 1, accuracy)
        }
        var summary = String(format: "mean C2ST %.3f, sd %.3f", mean, standardDeviation)
        if let published {
            summary += String(format: "; published NPE %.3f (%+.3f)", published, mean - published)
        }
        lines.append(summary)
        let time = String(format: "%.1f s", trainingSeconds)
        lines.append(
            """
            \(estimator), \(simulations) simulations, seed \(seed): \
            \(isFinished ? "trained" : "training cut short") in \(time) on \(threads) threads
            """
        )
        return lines.joined(separator: "\n")
    }

    /// The report as a JSON document.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("software")
        writer.string(PosteriorTrainer.software)
        writer.key("arguments")
        writer.strings(arguments)
        writer.key("task")
        writer.string(task)
        writer.key("simulations")
        writer.integer(simulations)
        writer.key("seed")
        writer.integer(seed)
        writer.key("estimator")
        writer.string(estimator)
        writer.key("support")
        writer.string(support.rawValue)
        writer.key("members")
        writer.beginArray()
        for member in members {
            writer.beginObject()
            writer.key("seed")
            writer.integer(member.seed)
            writer.key("weight_decay")
            writer.number(member.weightDecay)
            writer.key("epochs")
            writer.integer(member.epochs)
            writer.key("best_epoch")
            writer.integer(member.bestEpoch)
            // An epoch that was cut short has no loss on record.
            if member.validationLosses.indices.contains(member.bestEpoch - 1) {
                writer.key("validation_loss")
                writer.number(member.validationLosses[member.bestEpoch - 1])
            }
            writer.key("stop_reason")
            writer.string(member.stopReason)
            writer.endObject()
        }
        writer.endArray()
        writer.key("samples")
        writer.integer(samples)
        writer.key("c2st")
        writer.numbers(accuracies)
        writer.key("mean")
        writer.number(mean)
        writer.key("standard_deviation")
        writer.number(standardDeviation)
        if let published {
            writer.key("published_npe")
            writer.number(published)
        }
        writer.key("training_seconds")
        writer.number(trainingSeconds)
        writer.key("threads")
        writer.integer(threads)
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }
}
