/// How far served draws lie from a normal posterior with independent dimensions.
struct PosteriorMoments {
    /// (sample mean − mean) / sd of each dimension.
    var meanErrors: [Double]
    /// sample sd / sd − 1 of each dimension.
    var deviationErrors: [Double]

    /// Measures draws `[S, D]`.
    init(draws: [Float], mean: [Double], deviation: [Double]) {
        let dimension = mean.count
        let count = Double(draws.count / dimension)
        meanErrors = []
        deviationErrors = []
        for index in 0..<dimension {
            let values = stride(from: index, to: draws.count, by: dimension)
                .map { Double(draws[$0]) }
            let average = values.reduce(0, +) / count
            let squares = values.reduce(0) { $0 + ($1 - average) * ($1 - average) }
            let spread = (squares / (count - 1)).squareRoot()
            meanErrors.append((average - mean[index]) / deviation[index])
            deviationErrors.append(spread / deviation[index] - 1)
        }
    }
}

/// The root of the mean square.
func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
}

/// The middle value.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
