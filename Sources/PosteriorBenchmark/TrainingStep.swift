import Estimators
import Training

/// One step of training: loss, gradient, and an update of the weights by Adam.
struct TrainingStep {
    private let estimator: any TrainableDensityEstimator
    private let workers: Int
    private var gradient: [Float]
    private var adam: Adam

    init(_ estimator: any TrainableDensityEstimator, workers: Int) {
        self.estimator = estimator
        self.workers = workers
        let parameters = estimator.initialParameters(seed: 1)
        gradient = Array(repeating: 0, count: parameters.count)
        adam = Adam(parameters: parameters)
    }

    mutating func run(theta: [Float], x: [Float], rows: ArraySlice<Int>) {
        let loss = estimator.lossAndGradient(
            parameters: adam.parameters,
            theta: theta,
            x: x,
            rows: rows,
            workers: workers,
            gradient: &gradient
        )
        precondition(loss.isFinite, "the benchmark's loss is \(loss)")
        adam.update(
            gradient: gradient,
            learningRate: 1e-5,
            averageDecay: 0.999,
            workers: workers
        )
    }
}
