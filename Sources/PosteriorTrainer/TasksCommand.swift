import ArgumentParser
import Distributions
import Foundation
import Simulators

/// Lists the benchmark tasks.
struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "List the benchmark tasks.",
        discussion: """
            For each task: what it is; the prior with D, the number of parameters; L, the number \
            of entries of x; the lowest loss any estimator can reach, where it is known; and the \
            widths of the embedding network the reference uses, where it uses one.
            """
    )

    func run() {
        let tasks = BenchmarkTasks.all
        let width = tasks.map(\.name.count).max() ?? 0
        for task in tasks {
            let name = task.name.padding(toLength: width, withPad: " ", startingAt: 0)
            var facts = ["prior \(task.prior.inWords)", "L=\(task.xDim)"]
            if let optimum = task.reference?.optimalLoss {
                facts.append(String(format: "optimal loss %.3f", optimum))
            }
            if !task.embeddingWidths.isEmpty {
                let widths = task.embeddingWidths.map(String.init).joined(separator: ",")
                facts.append("embedding mlp \(widths)")
            }
            print("\(name)  \(task.summary)")
            print(String(repeating: " ", count: width + 2) + facts.joined(separator: "; "))
        }
    }
}
