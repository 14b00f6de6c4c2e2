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
        let blocks = (width + 7) / 8
        var features = [SIMD8<Float>](repeating: .zero, count: blocks)
        var gram = [SIMD8<Float>](repeating: .zero, count: width * blocks)
        var moments = [Double](repeating: 0, count: width)
        var total = [Double](repeating: 0, count: width * width)
        let centre = y.reduce(0, +) / Double(y.count)
        for (draw, value) in y.enumerated() {
            fill(&features, noise, draw * stride)
            for row in 0..<width {
                let factor = SIMD8<Float>(repeating: features[row / 8][row % 8])
                for block in (row / 8)..<blocks {
                    gram[row * blocks + block] += factor * features[block]
                }
                moments[row] += Double(features[row / 8][row % 8]) * (value - centre)
            }
            // Sums of single-precision numbers stay short.
            if draw % 256 == 255 || draw == y.count - 1 {
                for row in 0..<width {
                    for column in row..<width {
                        total[row * width + column] += Double(
                            gram[row * blocks + column / 8][column % 8]
                        )
                    }
                }
                for place in gram.indices { gram[place] = .zero }
            }
        }
        guard let weights = Self.solve(total, moments, width) else { return nil }
        var squares = 0.0
        for (draw, value) in y.enumerated() {
            fill(&features, noise, draw * stride)
            var rest = value - centre
            for row in 0..<width { rest -= weights[row] * Double(features[row / 8][row % 8]) }
            squares += rest * rest
        }
        let count = Double(y.count)
        let variance = squares / (count - Double(width))
        return MonteCarloEstimate(
            mean: centre + weights[0],
            standardError: (variance / count).squareRoot()
        )
    }

    /// The features of one draw: 1, the normals, their squares less one and, perhaps, products.
    private func fill(_ features: inout [SIMD8<Float>], _ noise: [Float], _ start: Int) {
        func put(_ value: Float, _ place: Int) { features[place / 8][place % 8] = value }
        put(1, 0)
        var place = 1 + 2 * dimension
        for i in 0..<dimension {
            let value = noise[start + i]
            put(value, 1 + i)
            put(value * value - 1, 1 + dimension + i)
            guard hasProducts else { continue }
            for j in (i + 1)..<max(dimension, i + 1) {
                put(value * noise[start + j], place)
                place += 1
            }
        }
    }

    /// The solution of a symmetric positive definite system, by Cholesky's factorisation of what is
    /// on and above the diagonal; nil where there is none.
    private static func solve(_ matrix: [Double], _ right: [Double], _ n: Int) -> [Double]? {
        var u = matrix
        for row in 0..<n {
            for column in row..<n {
                var value = u[row * n + column]
                for k in 0..<row { value -= u[k * n + row] * u[k * n + column] }
                if column == row {
                    guard value > 1e-10 * matrix[row * n + row] else { return nil }
                    u[row * n + row] = value.squareRoot()
                } else {
                    u[row * n + column] = value / u[row * n + row]
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
