import StrictJSON

/// Moments, quantiles and credible intervals of the parameters over the draws of one observation.
package struct PosteriorSummary {
    private let levels: SummaryLevels
    /// `[D]`.
    package private(set) var mean: [Float] = []
    /// With n − 1, `[D]`; NaN, in JSON `null`, for a single draw.
    package private(set) var standardDeviation: [Float] = []
    /// `[D, D]`; NaN, in JSON `null`, beside a parameter that does not vary.
    package private(set) var correlation: [Float] = []
    /// For each probability, `[D]`.
    package private(set) var quantiles: [[Float]]
    /// For each level, `[D, 2]`: where the shortest interval with that share begins and ends.
    package private(set) var credibleIntervals: [[Float]]

    /// Measures draws `[S, D]`, in `Double`.
    ///
    /// Quantiles interpolate linearly between order statistics, as numpy's default does.
    package init(_ draws: ArraySlice<Float>, thetaDim: Int, levels: SummaryLevels) {
        self.levels = levels
        quantiles = Array(repeating: [], count: levels.quantiles.count)
        credibleIntervals = Array(repeating: [], count: levels.credibleIntervals.count)
        let count = draws.count / thetaDim
        var directions: [[Double]] = []
        for dimension in 0..<thetaDim {
            var column: [Float] = []
            column.reserveCapacity(count)
            var index = draws.startIndex + dimension
            while index < draws.endIndex {
                column.append(draws[index])
                index += thetaDim
            }
            let mean = column.reduce(0) { $0 + Double($1) } / Double(count)
            let centred = column.map { Double($0) - mean }
            let squares = Self.dot(centred, centred)
            self.mean.append(Float(mean))
            standardDeviation.append(Float((squares / Double(count - 1)).squareRoot()))
            // 0 / 0, which is NaN, where nothing varies.
            let norm = squares.squareRoot()
            directions.append(centred.map { $0 / norm })
            column.sort()
            for (place, probability) in levels.quantiles.enumerated() {
                quantiles[place].append(Self.quantile(probability, of: column))
            }
            for (place, level) in levels.credibleIntervals.enumerated() {
                credibleIntervals[place] += Self.shortestInterval(level, of: column)
            }
        }
        correlation = Self.correlation(directions)
    }

    /// Pearson's correlations of columns of length 1 around 0; those that vary are 1 with
    /// themselves, to the last bit.
    private static func correlation(_ directions: [[Double]]) -> [Float] {
        let count = directions.count
        var matrix = [Float](repeating: .nan, count: count * count)
        for row in 0..<count where directions[row].first?.isFinite ?? false {
            matrix[row * count + row] = 1
            for column in 0..<row where directions[column].first?.isFinite ?? false {
                let value = Float(dot(directions[row], directions[column]))
                let bounded = min(max(value, -1), 1)
                matrix[row * count + column] = bounded
                matrix[column * count + row] = bounded
            }
        }
        return matrix
    }

    /// Σ aᵢ bᵢ, in eight partial sums.
    private static func dot(_ first: [Double], _ second: [Double]) -> Double {
        var sums = SIMD8<Double>.zero
        var index = 0
        while index + 8 <= first.count {
            for lane in 0..<8 { sums[lane] += first[index + lane] * second[index + lane] }
            index += 8
        }
        while index < first.count {
            sums[0] += first[index] * second[index]
            index += 1
        }
        return sums.sum()
    }

    private static func quantile(_ probability: Double, of sorted: [Float]) -> Float {
        let position = probability * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        let weight = position - Double(lower)
        return Float(Double(sorted[lower]) * (1 - weight) + Double(sorted[upper]) * weight)
    }

    /// The ends of the shortest interval from draw to draw with ⌊level n⌋ + 1 of the n draws, the
    /// first of several.
    ///
    /// It estimates the marginal's highest-density interval where the marginal has one mode.
    ///
    /// *Reference*: Chen and Shao (1999), Monte Carlo estimation of Bayesian credible and HPD
    /// intervals, doi:10.1080/10618600.1999.10474802; the count of draws is ArviZ's.
    private static func shortestInterval(_ level: Double, of sorted: [Float]) -> [Float] {
        // Below the count: level is below 1, though rounding may make level n equal to n.
        let steps = min(Int(level * Double(sorted.count)), sorted.count - 1)
        var best = 0
        var length = Double.infinity
        for start in 0..<sorted.count - steps {
            let own = Double(sorted[start + steps]) - Double(sorted[start])
            if own < length {
                length = own
                best = start
            }
        }
        return [sorted[best], sorted[best + steps]]
    }

    func write(to writer: inout JSONWriter) {
        let thetaDim = mean.count
        writer.beginObject()
        writer.key("mean")
        writer.numbers(mean.span)
        writer.key("std")
        writer.numbers(standardDeviation.span)
        writer.key("correlation")
        writer.rows(correlation.span, columns: thetaDim)
        writer.key("quantiles")
        writer.beginObject()
        for (probability, values) in zip(levels.quantiles, quantiles) {
            writer.key(String(probability))
            writer.numbers(values.span)
        }
        writer.endObject()
        writer.key("credible_intervals")
        writer.beginObject()
        for (level, ends) in zip(levels.credibleIntervals, credibleIntervals) {
            writer.key(String(level))
            writer.rows(ends.span, columns: 2)
        }
        writer.endObject()
        writer.endObject()
    }
}
