import Kernels

/// The directions in which rows vary most, by subspace iteration.
///
/// *Reference*: Halko, Martinsson, Tropp (2011), Finding Structure with Randomness, SIAM Review 53,
/// algorithm 4.4.
struct PrincipalDirections {
    /// The mean of the rows, `[W]`.
    let center: [Double]
    /// The directions, of length one, the one of largest variance first, `[K][W]`.
    let directions: [[Double]]
    /// The variance of the rows along each, `[K]`.
    let variances: [Double]
    /// The mean variance along a direction orthogonal to all of these; 0 where there is none.
    let residualVariance: Double

    /// Directions that are iterated beside those wanted, so that the last of these are right, too.
    private static let spare = 8
    /// Each iteration multiplies what is wrong by the ratio of two eigenvalues.
    private static let iterations = 6

    /// Finds directions.
    ///
    /// - Parameters:
    ///   - rows: `[N, W]`, two rows or more.
    ///   - width: W.
    ///   - count: K, at most W.
    init(_ rows: [Double], width: Int, count: Int) {
        let rowCount = rows.count / width
        precondition(rowCount >= 2 && count <= width, "\(count) directions of \(rowCount) rows")
        var center = [Double](repeating: 0, count: width)
        for row in 0..<rowCount {
            for place in 0..<width { center[place] += rows[row * width + place] }
        }
        for place in 0..<width { center[place] /= Double(rowCount) }
        var centred = rows
        var total = 0.0
        for row in 0..<rowCount {
            for place in 0..<width {
                centred[row * width + place] -= center[place]
                total += centred[row * width + place] * centred[row * width + place]
            }
        }
        let columns = min(width, count + Self.spare)
        var stream = RandomStream(seed: 0)
        var basis = LaneColumns(rows: width, columns: columns)
        for row in 0..<width {
            for column in 0..<columns { basis[row, column] = stream.normal() }
        }
        basis.orthonormalize()
        for _ in 0..<Self.iterations {
            basis = basis.multiplied(by: centred, rows: rowCount)
                .multipliedTransposed(by: centred, width: width)
            basis.orthonormalize()
        }
        let gram = basis.multiplied(by: centred, rows: rowCount).gram()
        let eigen = SymmetricEigenvalues(gram, dimension: columns)
        let denominator = Double(rowCount - 1)
        self.center = center
        variances = eigen.values.prefix(count).map { max($0, 0) / denominator }
        directions = eigen.vectors.prefix(count).map { weights in
            (0..<width).map { row in
                (0..<columns).reduce(0) { $0 + weights[$1] * basis[row, $1] }
            }
        }
        let rest = total / denominator - variances.reduce(0, +)
        residualVariance = width > count ? max(rest, 0) / Double(width - count) : 0
    }
}

/// A tall matrix of a few columns, whose rows are whole lanes.
private struct LaneColumns {
    private typealias Lanes = SIMD8<Double>

    private let rows: Int
    private let columns: Int
    /// Lanes of a row; what is beyond the columns stays zero.
    private let blocks: Int
    private var lanes: [Lanes]

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        blocks = (columns + 7) / 8
        lanes = Array(repeating: .zero, count: rows * blocks)
    }

    subscript(row: Int, column: Int) -> Double {
        get { lanes[row * blocks + column / 8][column % 8] }
        set { lanes[row * blocks + column / 8][column % 8] = newValue }
    }

    /// A Q of a matrix A `[N, rows]`, row by row.
    func multiplied(by matrix: [Double], rows count: Int) -> LaneColumns {
        var result = LaneColumns(rows: count, columns: columns)
        for row in 0..<count {
            for middle in 0..<rows {
                let factor = Lanes(repeating: matrix[row * rows + middle])
                for block in 0..<blocks {
                    result.lanes[row * blocks + block] += factor * lanes[middle * blocks + block]
                }
            }
        }
        return result
    }

    /// Aᵀ Q of a matrix A `[rows, W]`, row by row.
    func multipliedTransposed(by matrix: [Double], width: Int) -> LaneColumns {
        var result = LaneColumns(rows: width, columns: columns)
        for middle in 0..<rows {
            for row in 0..<width {
                let factor = Lanes(repeating: matrix[middle * width + row])
                for block in 0..<blocks {
                    result.lanes[row * blocks + block] += factor * lanes[middle * blocks + block]
                }
            }
        }
        return result
    }

    /// Qᵀ Q, `[columns, columns]`.
    func gram() -> [Double] {
        var gram = [Double](repeating: 0, count: columns * columns)
        for first in 0..<columns {
            for second in first..<columns {
                let value = product(first, second)
                gram[first * columns + second] = value
                gram[second * columns + first] = value
            }
        }
        return gram
    }

    private func product(_ first: Int, _ second: Int) -> Double {
        var total = 0.0
        for row in 0..<rows { total += self[row, first] * self[row, second] }
        return total
    }

    /// Gram and Schmidt's method, twice; a column that depends on those before it becomes zero.
    mutating func orthonormalize() {
        for column in 0..<columns {
            let before = product(column, column).squareRoot()
            for _ in 0..<2 {
                for other in 0..<column {
                    let share = product(column, other)
                    for row in 0..<rows { self[row, column] -= share * self[row, other] }
                }
            }
            let length = product(column, column).squareRoot()
            let scale = length > 1e-12 * before && length > 0 ? 1 / length : 0
            for row in 0..<rows { self[row, column] *= scale }
        }
    }
}
