import Foundation

/// A normal by its mean and the upper triangular factor A of its precision AᵀA.
struct NormalParameters {
    /// The mean, `[D]`.
    let mean: [Double]
    /// A, `[D, D]` row by row; zero below the diagonal.
    let factor: [Double]

    /// D.
    var dimension: Int { mean.count }

    /// Reads D means, D diagonal entries and, unless the factor is diagonal, what stands above
    /// them row by row.
    init(_ numbers: some Collection<Float>, dimension: Int) {
        let values = numbers.map(Double.init)
        mean = Array(values.prefix(dimension))
        factor = Self.factor(Array(values.dropFirst(dimension)), dimension: dimension)
    }

    /// The matrix of a diagonal and, perhaps, what stands above it.
    static func factor(_ values: [Double], dimension: Int) -> [Double] {
        var factor = [Double](repeating: 0, count: dimension * dimension)
        var next = dimension
        for row in 0..<dimension {
            factor[row * dimension + row] = values[row]
            guard values.count > dimension else { continue }
            for column in (row + 1)..<max(dimension, row + 1) {
                factor[row * dimension + column] = values[next]
                next += 1
            }
        }
        return factor
    }

    /// A v.
    func whitened(_ vector: [Double]) -> [Double] {
        (0..<dimension).map { row in
            (row..<dimension).reduce(0) { $0 + factor[row * dimension + $1] * vector[$1] }
        }
    }

    /// M A⁻¹ of an upper triangular M.
    func dividing(_ matrix: [Double]) -> [Double] {
        let count = dimension
        var result = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in row..<count {
                var value = matrix[row * count + column]
                for middle in row..<column {
                    value -= result[row * count + middle] * factor[middle * count + column]
                }
                result[row * count + column] = value / factor[column * count + column]
            }
        }
        return result
    }

    /// KL(self ‖ other), in nats.
    ///
    ///     ½ (‖B A⁻¹‖²_F + ‖B (μ − ν)‖² − D) + Σ log (A_dd / B_dd)
    ///
    /// with A, μ of this normal and B, ν of the other.
    func divergence(from other: NormalParameters) -> Double {
        let ratio = dividing(other.factor)
        let spread = ratio.reduce(0) { $0 + $1 * $1 }
        let shift = other.whitened(zip(mean, other.mean).map { $0 - $1 })
        let distance = shift.reduce(0) { $0 + $1 * $1 }
        let volumes = (0..<dimension).reduce(0.0) { total, place in
            let entry = place * dimension + place
            return total + log(factor[entry] / other.factor[entry])
        }
        return 0.5 * (spread + distance - Double(dimension)) + volumes
    }
}
