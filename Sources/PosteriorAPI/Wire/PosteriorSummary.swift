import StrictJSON

/// Moments and quantiles of each parameter over the draws of one observation.
struct PosteriorSummary {
    /// The probabilities whose quantiles are given.
    static let probabilities = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]

    /// `[D]`.
    private(set) var mean: [Float] = []
    /// With n − 1, `[D]`; NaN, in JSON `null`, for a single draw.
    private(set) var standardDeviation: [Float] = []
    /// For each probability, `[D]`.
    private(set) var quantiles: [[Float]]

    /// Measures draws `[S, D]`, in `Double`.
    ///
    /// Quantiles interpolate linearly between order statistics, as numpy's default does.
    init(_ draws: ArraySlice<Float>, thetaDim: Int) {
        quantiles = Array(repeating: [], count: Self.probabilities.count)
        let count = draws.count / thetaDim
        for dimension in 0..<thetaDim {
            var column: [Float] = []
            column.reserveCapacity(count)
            var index = draws.startIndex + dimension
            while index < draws.endIndex {
                column.append(draws[index])
                index += thetaDim
            }
            column.sort()
            let mean = column.reduce(0) { $0 + Double($1) } / Double(count)
            let squares = column.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            self.mean.append(Float(mean))
            standardDeviation.append(Float((squares / Double(count - 1)).squareRoot()))
            for (place, probability) in Self.probabilities.enumerated() {
                quantiles[place].append(Self.quantile(probability, of: column))
            }
        }
    }

    private static func quantile(_ probability: Double, of sorted: [Float]) -> Float {
        let position = probability * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        let weight = position - Double(lower)
        return Float(Double(sorted[lower]) * (1 - weight) + Double(sorted[upper]) * weight)
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("mean")
        writer.numbers(mean.span)
        writer.key("std")
        writer.numbers(standardDeviation.span)
        writer.key("quantiles")
        writer.beginObject()
        for (probability, values) in zip(Self.probabilities, quantiles) {
            writer.key(String(probability))
            writer.numbers(values.span)
        }
        writer.endObject()
        writer.endObject()
    }
}
