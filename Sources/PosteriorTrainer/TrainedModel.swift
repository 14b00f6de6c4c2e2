import Foundation
import ModelStore
import Plots
import Simulators
import StrictJSON
import Training

/// A trained posterior with all that its folder holds.
struct TrainedModel {
    /// What it was trained on.
    let source: TrainingData
    /// How it was trained.
    let training: EnsembleTraining
    /// What training gave.
    let outcome: EnsembleTraining.Outcome

    /// Writes the model file, an example request, and pictures of the course of training.
    func write(to destination: ModelDestination) throws {
        try ModelDirectory.create(destination.directory)
        EvaluationReport.remove(from: destination.directory)
        try ModelFile(
            metadata: metadata,
            posterior: outcome.posterior,
            calibration: try source.calibration(of: outcome.posterior, training)
        ).write(to: destination.modelPath)
        try AtomicFile.write(
            exampleRequest(try source.exampleObservation(training.configuration)),
            to: destination.examplePath
        )
        for (index, member) in outcome.members.enumerated() {
            let number = training.members > 1 ? index + 1 : nil
            let title = "Training of \(destination.modelName)"
            let curve = member.trained.outcome.history.curve(
                title: number.map { "\(title), member \($0)" } ?? title
            )
            try AtomicFile.write(
                Array(curve.svg.utf8),
                to: destination.curvePath(ofMember: number)
            )
        }
    }

    /// The course of training, a line a member.
    func summary(path: String) -> String {
        guard training.members > 1 else {
            return "\(path): \(summary(of: outcome.members[0]))"
        }
        let count = outcome.members.count
        let complete = count == training.members
        let lines = outcome.members.enumerated().map { index, member in
            "member \(index + 1): \(summary(of: member))"
        }
        let head = complete ? "\(count) members" : "\(count) of \(training.members) members"
        return (["\(path): \(head)"] + lines).joined(separator: "\n")
    }

    private func summary(of member: WeightDecaySearch.Outcome) -> String {
        let history = member.trained.outcome.history
        let loss = String(format: "%.4f", history.best.validationLoss)
        let time = String(format: "%.1f s", history.seconds)
        let end =
            switch history.stopReason {
            case .epochs: "after \(history.epochs) epochs"
            case .patience: "after \(history.epochs) epochs, the last ones without a better loss"
            case .timeLimit: "out of time after \(history.epochs) epochs"
            case .cancelled: "interrupted after \(history.epochs) epochs"
            }
        var text = "validation loss \(loss) in epoch \(history.best.epoch), \(end) and \(time)"
        if training.decays.count > 1, member.isFinished {
            text += """
                ; best of \(training.decays.count) weight decays: \
                \(member.configuration.weightDecay)
                """
        }
        return text
    }

    /// What the model file says beyond the weights; no times, so that the same command writes the
    /// same bytes.
    private var metadata: ModelMetadata {
        let configuration = training.configuration
        let defense = configuration.defense
        let scale = source.set.dataScale
        let beta = defense.beta(dataScale: scale)
        let epsilon = defense.epsilon?.size(dataScale: scale)
        var record = TrainingRecord(
            task: source.task?.name,
            dataDigest: source.digest,
            simulations: source.simulations,
            defense: defense.name,
            beta: beta,
            betaInDataScale: defense.betaHasUnit ? beta.map { $0 / (scale * scale) } : nil,
            epsilon: epsilon,
            epsilonInDataScale: epsilon.map { $0 / scale },
            seed: configuration.seed,
            softwareVersion: PosteriorTrainer.software,
            batchSize: configuration.batchSize,
            learningRate: configuration.learningRate,
            validationFraction: source.set.heldOutCount == nil
                ? configuration.validationFraction : nil,
            learningRateSchedule: configuration.learningRateDecay.name
        )
        let members = outcome.members.map(\.record)
        if training.members > 1 {
            record.members = members
        } else {
            record.epochs = members[0].epochs
            record.bestEpoch = members[0].bestEpoch
            record.trainingLosses = members[0].trainingLosses
            record.validationLosses = members[0].validationLosses
            record.weightDecay = members[0].weightDecay
            record.stopReason = members[0].stopReason
        }
        return ModelMetadata(
            summary: source.summary,
            theta: source.theta,
            x: source.x,
            dataScale: source.set.dataScale,
            training: record
        )
    }

    /// A body that can be posted to the model's `sample`.
    private func exampleRequest(_ observation: [Float]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("observations")
        writer.beginArray()
        // Trials that are missing are left out.
        let present = observation.filter { !$0.isNaN }
        writer.numbers(present.span)
        writer.endArray()
        writer.key("num_samples")
        writer.integer(1000)
        writer.key("seed")
        writer.integer(1)
        writer.endObject()
        return writer.finish() + Array("\n".utf8)
    }
}

extension WeightDecaySearch.Outcome {
    /// How the run that was kept went.
    var record: MemberRecord {
        let history = trained.outcome.history
        return MemberRecord(
            seed: configuration.seed,
            weightDecay: configuration.weightDecay,
            epochs: history.epochs,
            bestEpoch: history.best.epoch,
            trainingLosses: history.trainingLosses,
            validationLosses: history.validationLosses,
            stopReason: history.stopReason.rawValue
        )
    }
}
