public import Distributions
public import SimulationFiles

/// Ways to make a prior from the parameters simulations were drawn with.
public enum PriorFit: String, Sendable, CaseIterable {
    /// The box around them, wider on either side by the range over their number.
    case box
    /// Independent normals of their mean and standard deviation.
    case normal

    /// The prior that fits theta of the first rows of files; rows that are not finite are left out.
    ///
    /// - Parameters:
    ///   - table: The files.
    ///   - count: How many rows to take.
    /// - Returns: A box or a diagonal normal of D dimensions.
    /// - Throws: `TrainingError` when a parameter is the same in all rows, or never finite.
    public func prior(
        of table: SimulationTable,
        rows count: Int
    ) throws(TrainingError) -> DistributionDescription {
        let width = table.thetaDim
        var extremes = Extremes(width: width)
        var sums = Array(repeating: 0.0, count: width)
        var rows = 0.0
        try Self.forEachRow(of: table, count: count) { theta in
            rows += 1
            extremes.combine(theta)
            for (index, value) in theta.enumerated() { sums[index] += Double(value) }
        }
        if let index = extremes.firstEmpty {
            throw .data(.noNumbers(column: "theta[\(index)]"))
        }
        if let index = extremes.firstConstant {
            let value = extremes.lower[index]
            throw .data(
                .constantColumn(column: "theta[\(index)]", value: value, canBeAllowed: false)
            )
        }
        switch self {
        case .box:
            let ranges = zip(extremes.lower, extremes.upper).map { (Double($0), Double($1)) }
            return .boxUniform(
                lower: ranges.map { $0 - ($1 - $0) / rows },
                upper: ranges.map { $1 + ($1 - $0) / rows }
            )
        case .normal:
            let mean = sums.map { $0 / rows }
            var squares = Array(repeating: 0.0, count: width)
            try Self.forEachRow(of: table, count: count) { theta in
                for (index, value) in theta.enumerated() {
                    let difference = Double(value) - mean[index]
                    squares[index] += difference * difference
                }
            }
            return .diagonalNormal(
                mean: mean,
                standardDeviation: squares.map { ($0 / (rows - 1)).squareRoot() }
            )
        }
    }

    /// Passes over the finite rows of theta.
    private static func forEachRow(
        of table: SimulationTable,
        count: Int,
        _ body: (ArraySlice<Float>) -> Void
    ) throws(TrainingError) {
        let width = table.thetaDim
        let size = max(FileRows.chunkBytes / (width * MemoryLayout<Float>.size), 1)
        for start in stride(from: 0, to: count, by: size) {
            do {
                let theta = try table.theta(of: start..<min(start + size, count))
                for first in stride(from: 0, to: theta.count, by: width) {
                    let row = theta[first..<first + width]
                    if row.allSatisfy({ $0.isFinite }) { body(row) }
                }
            } catch {
                throw .simulationFile(error)
            }
        }
    }
}
