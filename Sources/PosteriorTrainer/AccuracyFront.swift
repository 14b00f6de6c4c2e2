import Foundation
import Plots
import StrictJSON
import Training

/// What the strengths of a defense cost in accuracy and give in robustness.
struct AccuracyFront {
    /// One trained model.
    struct Member {
        /// The strength, in the unit of the flag.
        let beta: Double
        /// The folder of the model.
        let model: String
        /// The loss on fresh simulations.
        let loss: LossEstimate
        /// The median of KL(q(· | x) ‖ q(· | x̃)) under attack, one for each size.
        let medianDivergences: [Double]

        /// A line of the table, with its head above the first.
        func line(_ epsilons: [Double], isFirst: Bool) -> String {
            let head =
                "beta          test loss          median KL under attack at ε = "
                + epsilons.map { String(format: "%g s", $0) }.joined(separator: ", ")
            let line =
                String(format: "%-12g  %8.4f ± %.4f  ", beta, loss.mean, loss.standardError)
                + medianDivergences.map { String(format: "%10.4g", $0) }.joined()
            return isFirst ? "\(head)\n\(line)" : line
        }
    }

    let task: String
    let defense: String
    /// Sizes of perturbations, in units of the data scale.
    let epsilons: [Double]
    /// How many observations were attacked.
    let observations: Int
    var members: [Member] = []

    init(task: String, defense: String, epsilons: [Double], observations: Int) {
        self.task = task
        self.defense = defense
        self.epsilons = epsilons
        self.observations = observations
    }

    /// The middle value, or the mean of the two in the middle.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The test loss against the divergence, a line for each size of perturbation.
    var chart: LineChart {
        LineChart(
            title: "Accuracy and robustness of \(task) with --defense \(defense)",
            xAxis: Axis("median KL(q(θ | x) ‖ q(θ | x̃)) under attack, nats", scale: .logarithmic),
            yAxis: Axis("test loss −log q(θ | x), nats"),
            series: epsilons.enumerated().map { place, epsilon in
                .init(
                    String(format: "ε = %g s", epsilon),
                    x: members.map { $0.medianDivergences[place] },
                    y: members.map(\.loss.mean)
                )
            },
            marks: members.map { member in
                .init(
                    String(format: "β = %g", member.beta),
                    x: member.medianDivergences[0],
                    y: member.loss.mean
                )
            }
        )
    }

    /// All figures.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, text) in [("task", task), ("defense", defense), ("epsilon_unit", "data_scale")] {
            writer.key(key)
            writer.string(text)
        }
        writer.key("epsilon")
        writer.numbers(epsilons)
        writer.key("observations")
        writer.integer(observations)
        writer.key("members")
        writer.beginArray()
        for member in members {
            writer.beginObject()
            writer.key("beta")
            writer.number(member.beta)
            writer.key("model")
            writer.string(member.model)
            writer.key("test_loss")
            writer.number(member.loss.mean)
            writer.key("test_loss_standard_error")
            writer.number(member.loss.standardError)
            writer.key("median_kl_clean_attacked")
            writer.numbers(member.medianDivergences)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }
}
