import Kernels

/// How well a classifier tells two samples apart (C2ST): 0.5 for samples of one distribution, 1 for
/// samples that do not overlap.
///
/// The mean accuracy, on held-out rows, of networks with two hidden layers of 10 D units, trained on
/// the other rows. Both samples are standardised with the first.
///
/// *Reference*: Lopez-Paz, Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv:1610.06545;
/// with the settings of sbibm, Lueckmann et al. (2021), arXiv:2101.04653.
public struct ClassifierTwoSampleTest: Sendable {
    /// The number of parts the rows are cut into; each is held out once.
    public var folds = 5
    /// The seed of the parts, the initial weights and the order of the rows.
    public var seed: UInt64 = 1
    /// Units of a hidden layer for each dimension.
    public var hiddenUnitsPerDimension = 10
    /// The most passes over the rows.
    public var epochLimit = 10_000

    /// Makes a test with sbibm's settings.
    public init() {}

    /// The accuracy; a function of the samples and the settings alone.
    ///
    /// - Parameters:
    ///   - first: `[N, D]`, row-major, finite; what both are standardised with.
    ///   - second: `[M, D]`, row-major, finite.
    ///   - dimension: D.
    ///   - workers: How many threads may take part; the result does not depend on it.
    /// - Returns: The mean over the folds.
    public func accuracy(
        _ first: [Float],
        _ second: [Float],
        dimension: Int,
        workers: Int = 1
    ) -> Double {
        precondition(
            dimension > 0 && first.count % dimension == 0 && second.count % dimension == 0,
            "\(first.count) and \(second.count) numbers in rows of \(dimension)"
        )
        let count = (first.count + second.count) / dimension
        precondition(folds > 1 && count >= folds, "\(folds) folds of \(count) rows")
        let features = Self.standardized(first, second, dimension: dimension)
        let labels = (0..<count).map { $0 * dimension < first.count ? Float(0) : 1 }
        var stream = RandomStream(seed: seed)
        let order = stream.permutation(count)
        // The first folds take a row more each if the rows do not divide.
        let ends = (0...folds).map { $0 * (count / folds) + min($0, count % folds) }
        let test = self
        let scores = FoldScores(count: folds)
        ParallelTiles.run(count: folds, workers: workers) { fold in
            let held = Array(order[ends[fold]..<ends[fold + 1]])
            let rest = Array(order[..<ends[fold]] + order[ends[fold + 1]...])
            var stream = RandomStream(seed: test.seed, stream: UInt64(fold + 1))
            var classifier = BinaryClassifier(
                features: dimension,
                hiddenUnits: test.hiddenUnitsPerDimension * dimension,
                using: &stream
            )
            classifier.fit(
                features: features,
                labels: labels,
                rows: rest,
                epochLimit: test.epochLimit,
                using: &stream
            )
            let predictions = classifier.predictions(features: features, rows: held)
            let right = zip(predictions, held).count { $0 == (labels[$1] == 1) }
            scores.set(fold, to: Double(right) / Double(held.count))
        }
        return scores.mean
    }

    /// Both samples, one after the other, with the means and the unbiased deviations of the first;
    /// a constant entry keeps its scale.
    private static func standardized(
        _ first: [Float],
        _ second: [Float],
        dimension: Int
    ) -> [Float] {
        var features = first + second
        let count = Double(first.count / dimension)
        for entry in 0..<dimension {
            let places = stride(from: entry, to: first.count, by: dimension)
            let mean = places.reduce(0.0) { $0 + Double(first[$1]) } / count
            let squares = places.reduce(0.0) {
                $0 + (Double(first[$1]) - mean) * (Double(first[$1]) - mean)
            }
            let deviation = (squares / max(count - 1, 1)).squareRoot()
            for place in stride(from: entry, to: features.count, by: dimension) {
                let centred = Double(features[place]) - mean
                features[place] = Float(deviation > 0 ? centred / deviation : centred)
            }
        }
        return features
    }
}
