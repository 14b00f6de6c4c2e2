import Estimators
import Training

/// Training steps with a defense.
enum DefenseCases {
    /// One step on a batch, with the published number of draws of every row.
    static func fisherStep(
        _ name: String,
        _ estimator: any TrainableDensityEstimator,
        batch: SimulationSet.Batch,
        of data: SimulationSet,
        workers: Int
    ) throws -> BenchmarkCase {
        var settings = FisherTraceRegularization(beta: ScaledAmount(1e-3, .absolute))
        settings.draws = 5
        settings.share = 1
        let loss = try Defense.fisherTrace(settings).loss(of: estimator, on: data, seed: 1)
        var memory = DefenseMemory()
        let parameters = estimator.initialParameters(seed: 1)
        var gradient = [Float](repeating: 0, count: parameters.count)
        var adam = Adam(parameters: parameters)
        return BenchmarkCase(name: "\(name)/fim_step/batch\(batch.rows.count)") {
            let sum = try? loss.lossAndGradient(
                DefenseStep(
                    parameters: adam.parameters,
                    batch: batch,
                    rows: batch.rows,
                    number: adam.step,
                    workers: workers
                ),
                memory: &memory,
                gradient: &gradient
            )
            precondition(sum?.isFinite ?? false, "the benchmark's loss is \(sum ?? .nan)")
            adam.update(
                gradient: gradient,
                learningRate: 1e-5,
                averageDecay: 0.999,
                workers: workers
            )
        }
    }
}
