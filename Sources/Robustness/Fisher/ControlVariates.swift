import Kernels

/// The mean of a function of standard normals, with what its second-order polynomial in them
/// explains taken out of the variance.
///
/// The features ε_i, ε_i ε_j and ε_i² − 1 have mean zero, so the intercept of the least-squares fit
///
///     y = a + Σ b f(ε) + rest
///
/// estimates the mean of y, with the variance of the rest alone. ‖∇ log q‖² of a posterior that is
/// nearly normal is nearly a quadratic form in the base noise.
///
/// *Reference*: Glynn and Szechtman (2002), Some New Perspectives on the Method of Control Variates,
/// in Monte Carlo and Quasi-Monte Carlo Methods 2000, section 2.
struct ControlVariates {
    /// Draws there must be for each feature, so that the fit does not follow chance.
    private static let drawsPerFeature = 8

    /// Which features are used.
    private let dimension: Int
    private let hasProducts: Bool
    /// Number of features, the intercept included.
    private let width: Int

    /// Chooses the features for a number of draws; nil where even the fewest are too many.
    init?(dimension: Int, draws: Int) {
        let few = 1 + 2 * dimension
        let many = few + dimension * (dimension - 1) / 2
        guard draws >= Self.drawsPerFeature * few else { return nil }
        self.dimension = dimension
        hasProducts = draws >= Self.drawsPerFeature * many
        width = hasProducts ? many : few
    }

    /// The mean of y, or nil where the fit is singular.
    ///
    /// - Parameters:
    ///   - y: One value a draw, `[S]`.
    ///   - noise: A table whose rows begin with the noise of a draw, `[S, stride]`.
    ///   - stride: Numbers in a row.
    /// - Returns: The mean and its standard error.
    func mean(of y: [Double], noise: [Float], stride: Int) -> MonteCarloEstimate? {
        // The value stands behind the features, so that one table of products holds all sums.
        let entries = (width + 1 + 7) / 8 * 8
        var products = [Double](repeating: 0, count: entries * entries)
        let centre = y.reduce(0, +) / Double(y.count)
        for start in Swift.stride(from: 0, to: y.count, by: Self.chunk) {
            let draws = start..<min(start + Self.chunk, y.count)
            var table = [Float](repeating: 0, count: draws.count * entries)
            for (row, draw) in draws.enumerated() {
                fill(&table, entries * row, noise, draw * stride)
                table[entries * row + width] = Float(y[draw] - centre)
            }
            addOuterProducts(of: table, width: entries, into: &products)
        }
        let gram = (0..<width).flatMap { row in
            products[(row * entries)..<(row * entries + width)]
        }
        let moments = (0..<width).map { products[$0 * entries + width] }
        guard let weights = Self.solve(gram, moments, width) else { return nil }
        let total = products[width * entries + width]
        var squares = total - zip(weights, moments).reduce(0) { $0 + $1.0 * $1.1 }
        // A small difference of large sums has too few digits.
        if squares < 1e-3 * total { squares = rest(y, centre, weights, noise, stride) }
        let count = Double(y.count)
        let variance = squares / (count - Double(width))
        return MonteCarloEstimate(
            mean: centre + weights[0],
            standardError: (variance / count).squareRoot()
        )
    }

    /// Draws whose products are added in single precision.
    private static let chunk = 256

    /// The sum of squares that the features leave, draw by draw.
    private func rest(
        _ y: [Double],
        _ centre: Double,
        _ weights: [Double],
        _ noise: [Float],
        _ stride: Int
    ) -> Double {
        var features = [Float](repeating: 0, count: width)
        var squares = 0.0
        for (draw, value) in y.enumerated() {
            fill(&features, 0, noise, draw * stride)
            var rest = value - centre
            for place in 0..<width {
                rest -= weights[place] * Double(features[place])
            }
            squares += rest * rest
        }
        return squares
    }

    /// The features of one draw from a place on: 1, the normals, their squares less one and, perhaps,
    /// products.
    private func fill(_ table: inout [Float], _ first: Int, _ noise: [Float], _ start: Int) {
        table[first] = 1
        var place = first + 1 + 2 * dimension
        for i in 0..<dimension {
            let value = noise[start + i]
            table[first + 1 + i] = value
            table[first + 1 + dimension + i] = value * value - 1
            guard hasProducts else { continue }
            for j in (i + 1)..<max(dimension, i + 1) {
                table[place] = value * noise[start + j]
                place += 1
            }
        }
    }

    /// The solution of a symmetric positive definite system, by Cholesky's factorisation of what is
    /// on and above the diagonal; nil where there is none.
    private static func solve(_ matrix: [Double], _ right: [Double], _ n: Int) -> [Double]? {
        var u = matrix
        // A row that is done is taken from those below it, along rows: columns would be slower.
        for row in 0..<n {
            let pivot = u[row * n + row]
            guard pivot > 1e-10 * matrix[row * n + row] else { return nil }
            let scale = 1 / pivot.squareRoot()
            for column in row..<n { u[row * n + column] *= scale }
            for below in (row + 1)..<max(n, row + 1) {
                let share = u[row * n + below]
                for column in below..<n {
                    u[below * n + column] -= share * u[row * n + column]
                }
            }
        }
        var solution = right
        for row in 0..<n {
            for k in 0..<row { solution[row] -= u[k * n + row] * solution[k] }
            solution[row] /= u[row * n + row]
        }
        for row in (0..<n).reversed() {
            for k in (row + 1)..<max(n, row + 1) { solution[row] -= u[row * n + k] * solution[k] }
            solution[row] /= u[row * n + row]
        }
        return solution
    }
}
