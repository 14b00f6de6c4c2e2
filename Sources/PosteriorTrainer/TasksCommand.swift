import ArgumentParser
import Foundation
import Simulators

/// Lists the benchmark tasks.
struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "List the benchmark tasks.",
        discussion: """
            For each task: D, the number of parameters; L, the number of entries of x; and the \
            lowest loss any estimator can reach, where it is known.
            """
    )

    func run() {
        let tasks = BenchmarkTasks.all
        let width = tasks.map(\.name.count).max() ?? 0
        for task in tasks {
            let name = task.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let optimum = task.reference?.optimalLoss.map {
                String(format: "  optimal loss %.3f", $0)
            }
            print("\(name)  D=\(task.thetaDim) L=\(task.xDim)  \(task.summary)\(optimum ?? "")")
        }
    }
}
