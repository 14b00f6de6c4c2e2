import Estimators
import Foundation
import Simulators
import Training

/// How a trained posterior does on simulations it has not seen, against the best possible.
struct TestReport: CustomStringConvertible {
    /// The mean loss of the estimator.
    let loss: LossEstimate
    /// The mean loss of the exact posterior on the same rows, where the task has one.
    let reference: LossEstimate?
    /// The mean of what the estimator loses to the exact posterior, row by row.
    let excess: LossEstimate?
    /// The expectation of the exact posterior's loss, where it has a closed form.
    let optimalLoss: Double?
    /// Number of rows.
    let count: Int
    /// Whether the losses are those of a density with mass outside the prior, which the posterior
    /// has less than.
    let isTruncated: Bool

    /// Measures a posterior on fresh simulations of its task.
    init(_ posterior: Posterior, task: BenchmarkTask, command: TrainCommand) throws {
        let rows = try task.simulate(
            rows: 0..<command.testSimulations,
            seed: SeedPurpose.testSimulations.seed(of: command.fitOptions.seed),
            workers: command.fitOptions.threads
        )
        let data = try SimulationSet(rows, prior: task.prior)
        let losses = posterior.losses(on: data, workers: command.fitOptions.threads)
        let usable = Simulations(
            theta: data.theta,
            x: data.x,
            thetaDim: data.thetaDim,
            xDim: data.xDim
        )
        let exact = try task.referenceLosses(of: usable, workers: command.fitOptions.threads)
        count = data.count
        loss = LossEstimate(losses)
        reference = exact.map { LossEstimate($0) }
        excess = exact.map { LossEstimate(zip(losses, $0).map { $0 - $1 }) }
        optimalLoss = task.reference?.optimalLoss
        isTruncated = posterior.support == .truncated
    }

    /// One or two lines.
    var description: String {
        var text = String(
            format: "test loss %.4f ± %.4f nats on %d fresh simulations",
            loss.mean,
            loss.standardError,
            count
        )
        if isTruncated { text += ", before truncation" }
        if let reference, let excess {
            text += String(
                format: "\nexact posterior %.4f on the same; %.4f ± %.4f nats above it",
                reference.mean,
                excess.mean,
                excess.standardError
            )
        }
        if let optimalLoss {
            text += String(format: "; optimum %.4f", optimalLoss)
        }
        return text
    }
}
