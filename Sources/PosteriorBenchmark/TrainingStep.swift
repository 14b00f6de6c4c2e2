import Estimators

struct TrainingStep {
    let estimator: any TrainableDensityEstimator
    let workers: Int
    var parameters: [Float]
    var gradient: [Float]
    init(_ estimator: any TrainableDensityEstimator, workers: Int) {
        self.estimator = estimator
        self.workers = workers
        parameters = estimator.initialParameters(seed: 1)
        gradient = Array(repeating: 0, count: parameters.count)
    }
    mutating func run(theta: [Float], x: [Float], rows: ArraySlice<Int>) {
        let loss = estimator.lossAndGradient(
            parameters: parameters,
            theta: theta,
            x: x,
            rows: rows,
            workers: workers,
            gradient: &gradient
        )
        precondition(loss.isFinite)
    }
}
enum EncodingCases { static var all: [BenchmarkCase] { [] } }
struct Report {
    var measurements: [Measurement]
    var workers: Int
    var text: String { "" }
}
