import Estimators
import Robustness
import Training

extension TrainingData {
    /// Observations that are looked at to find how far out one lies.
    private static let fittedRows = 10_000
    /// Numbers that these observations may have.
    private static let fittedNumbers = 1 << 22
    /// Held-out observations that are measured.
    private static let measuredRows = 1000

    /// What is usual among the observations that were held out from training a posterior.
    ///
    /// - Parameters:
    ///   - posterior: Whose sensitivity to measure.
    ///   - training: How it was trained, which says what was held out.
    /// - Returns: nil where too little was held out.
    /// - Throws: `TrainingError` when a file cannot be read any more.
    func calibration(
        of posterior: Posterior,
        _ training: EnsembleTraining
    ) throws -> ObservationCalibration? {
        let split = set.split(
            validationFraction: training.configuration.validationFraction,
            seed: training.configuration.seed
        )
        let fitted = min(Self.fittedRows, max(Self.fittedNumbers / set.xDim, 500))
        return ObservationCalibration(
            of: posterior,
            training: try set.x(ofRows: split.training.spread(fitted)),
            heldOut: try set.x(ofRows: split.validation.spread(Self.measuredRows)),
            workers: training.workers
        )
    }
}

extension RandomAccessCollection<Int> {
    /// At most so many of the rows, evenly spread over them.
    fileprivate func spread(_ most: Int) -> [Int] {
        let chosen = Swift.min(most, count)
        return (0..<chosen).map { self[index(startIndex, offsetBy: $0 * count / chosen)] }
    }
}
