import Estimators
import Foundation
import ModelStore
import Plots
import Robustness
import Simulators
import Training

/// Trains one model for each strength of a defense and measures what it costs and what it gives.
///
/// With --resume a model that is there and has no checkpoint beside it is taken as it is.
struct BetaSweep {
    let command: TrainCommand
    /// Where the first model goes; the others follow as later versions.
    let destination: ModelDestination

    /// Trains what is not there yet, then writes `front.json` and `front.svg` above the versions.
    func run(task: BenchmarkTask?) throws {
        guard let task else { preconditionFailure("a sweep without a task") }
        let source = try command.trainingData(task: task, destination: destination)
        let interruption = Interruption()
        interruption.listen(
            notice: "finishing with the best weights so far; Ctrl-C again quits at once"
        )
        let rows = try task.simulate(
            rows: 0..<max(command.testSimulations, command.sweepOptions.sweepObservations),
            seed: SeedPurpose.testSimulations.seed(of: command.fitOptions.seed),
            workers: command.fitOptions.threads
        )
        let test = try SimulationSet(rows, prior: task.prior)
        var front = AccuracyFront(
            task: task.name,
            defense: command.fitOptions.defenseOptions.defense.rawValue,
            epsilons: command.sweepOptions.sweepEpsilon.values,
            observations: min(command.sweepOptions.sweepObservations, test.count)
        )
        for (index, beta) in command.sweepOptions.betaSweep.enumerated() {
            let own = try destination.following(by: index)
            if index > 0 {
                try own.prepare(
                    force: command.outputOptions.force,
                    resumes: command.outputOptions.resume
                )
            }
            guard
                let posterior = try posterior(
                    beta: beta,
                    source: source,
                    destination: own,
                    isCancelled: { interruption.isRequested }
                )
            else {
                command.note("not finished; the same command with --resume goes on")
                return
            }
            let member = try measure(
                posterior,
                beta: beta,
                scale: source.set.dataScale,
                on: test,
                path: own.directory
            )
            print(member.line(front.epsilons, isFirst: index == 0))
            front.members.append(member)
        }
        try AtomicFile.write(front.json, to: "\(destination.parentDirectory)/front.json")
        try AtomicFile.write(
            Array(front.chart.svg.utf8),
            to: "\(destination.parentDirectory)/front.svg"
        )
    }

    /// The posterior of a strength, from its file or trained; nil if training was cut short.
    private func posterior(
        beta: Double,
        source: TrainingData,
        destination: ModelDestination,
        isCancelled: () -> Bool
    ) throws -> Posterior? {
        let defense: Defense =
            beta > 0 ? try command.fitOptions.defenseOptions.settings(beta: beta) : .none
        let training = try command.fitOptions.training(
            simulations: source.set.count,
            defense: defense
        )
        let hasCheckpoint = (0..<training.runs).contains { run in
            FileManager.default.fileExists(
                atPath: WeightDecaySearch.checkpointPath(destination.checkpointPath, run: run)
            )
        }
        if command.outputOptions.resume, !hasCheckpoint,
            FileManager.default.fileExists(atPath: destination.modelPath)
        {
            let file = try ModelFile(path: destination.modelPath)
            let expected = defense.beta(dataScale: source.set.dataScale)
            guard let record = file.metadata.training, record.defense == defense.name,
                record.beta == expected, record.seed == command.fitOptions.seed,
                record.simulations == source.simulations, record.task == source.task?.name
            else {
                throw CommandFailure(
                    "\(destination.modelPath): a model of another run; --force replaces it"
                )
            }
            return file.posterior
        }
        let outcome = try command.fitOptions.train(
            on: source.set,
            xShape: source.x.shape,
            defense: defense,
            checkpoint: CheckpointFile(
                path: destination.checkpointPath,
                resumes: command.outputOptions.resume,
                interval: command.outputOptions.checkpointEvery?.duration ?? .seconds(10)
            ),
            isCancelled: isCancelled
        )
        let model = TrainedModel(source: source, training: training, outcome: outcome)
        try model.write(to: destination)
        print("β = \(beta): \(model.summary(path: destination.modelPath))")
        guard outcome.isFinished else { return nil }
        try command.removeCheckpoints(destination.checkpointPath, runs: training.runs)
        return outcome.posterior
    }

    /// Loss on fresh simulations, and what the strongest perturbation found does.
    private func measure(
        _ posterior: Posterior,
        beta: Double,
        scale: Double,
        on test: SimulationSet,
        path: String
    ) throws -> AccuracyFront.Member {
        let count = min(command.sweepOptions.sweepObservations, test.count)
        let observations = Array(test.x.prefix(count * test.xDim))
        let attacker = Attacker(posterior)
        var attack = Attack()
        attack.seed = command.fitOptions.seed
        attack.workers = command.fitOptions.threads
        let medians = try command.sweepOptions.sweepEpsilon.map { epsilon in
            let outcomes = try attacker.outcomes(
                of: attack,
                on: observations,
                radii: Array(repeating: epsilon * scale, count: count)
            )
            return AccuracyFront.median(outcomes.map(\.klCleanAttacked.mean))
        }
        return AccuracyFront.Member(
            beta: beta,
            model: path,
            loss: LossEstimate(posterior.losses(on: test, workers: command.fitOptions.threads)),
            medianDivergences: medians
        )
    }
}
