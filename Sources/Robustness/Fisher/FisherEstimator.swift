public import Estimators
import Kernels

/// Estimates the Fisher information of a posterior with respect to observations.
///
/// Scores g are taken with respect to the context c = h(x) of each draw, and turned into derivatives by x
/// once an observation: I = Jᵀ E[g gᵀ] J with J = ∂c/∂x. Neither trace nor eigenvalue needs a matrix
/// of the size of x.
public struct FisherEstimator: Sendable {
    /// Contexts up to this wide have the second moments of their scores in a matrix; wider ones
    /// keep the draws.
    private static let momentWidth = 64

    /// Draws from each posterior; a single normal needs none.
    public var draws = 1000
    /// The seed of the draws.
    public var seed: UInt64 = 0
    /// Whether the matrix is wanted, of L² numbers.
    public var withMatrix = false
    /// Whether a single normal is drawn from, too, as any other posterior.
    public var alwaysDraws = false
    /// How many threads may take part.
    public var workers = 1

    private let sensitivity: PosteriorSensitivity

    /// Prepares a posterior.
    public init(_ posterior: Posterior) {
        self.init(PosteriorSensitivity(posterior))
    }

    /// Prepares a posterior whose sensitivity is planned already.
    package init(_ sensitivity: PosteriorSensitivity) {
        self.sensitivity = sensitivity
    }

    /// The Fisher information of each observation of `[B, L]`.
    ///
    /// A result depends on its observation, the weights, the seed and the number of draws alone.
    public func estimates(at observations: [Float]) -> [FisherInformation] {
        let xDim = sensitivity.xDim
        return stride(from: 0, to: observations.count, by: xDim).map { start in
            estimate(at: Array(observations[start..<(start + xDim)]))
        }
    }

    /// The Fisher information of one observation `[L]`.
    public func estimate(at observation: [Float]) -> FisherInformation {
        precondition(draws >= 2, "\(draws) draws")
        let context = sensitivity.contexts(of: observation, workers: workers)
        let derivative = ContextDerivative(sensitivity, at: observation, workers: workers)
        if sensitivity.isNormal, !alwaysDraws { return closedForm(context, derivative) }
        let stride = sensitivity.thetaDim + sensitivity.contextDim
        let rows = sensitivity.drawScores(
            count: draws,
            given: context,
            keys: [NoiseKey(seed: seed, observation: observation)],
            workers: workers
        )
        let scores = Scores(rows, stride: stride, width: sensitivity.contextDim)
        let (trace, eigen) = ParallelTiles.both(workers: workers) {
            self.trace(scores, derivative, noise: rows, stride: stride)
        } _: {
            self.largestEigenvalue(scores, derivative)
        }
        return FisherInformation(
            trace: trace,
            largestEigenvalue: eigen.value,
            direction: eigen.direction,
            matrix: eigen.matrix,
            method: .monteCarlo
        )
    }

    /// E ‖Jᵀ g‖², with what the base noise explains taken out of its variance.
    private func trace(
        _ scores: Scores,
        _ derivative: ContextDerivative,
        noise: [Float],
        stride: Int
    ) -> MonteCarloEstimate {
        let lengths = derivative.squaredLengths(of: scores.values)
        if sensitivity.isOneStratum,
            let controls = ControlVariates(dimension: sensitivity.thetaDim, draws: draws),
            let adjusted = controls.mean(of: lengths, noise: noise, stride: stride)
        {
            return adjusted
        }
        return MonteCarloEstimate(lengths)
    }

    /// λmax with its direction, and the matrix if it is wanted.
    private func largestEigenvalue(
        _ scores: Scores,
        _ derivative: ContextDerivative
    ) -> (value: MonteCarloEstimate, direction: [Double], matrix: [Double]?) {
        let halves = [scores.half(0), scores.half(1)]
        let tables =
            sensitivity.contextDim <= Self.momentWidth ? halves.map { $0.secondMoments() } : nil
        let moments = { (half: Int, vector: [Double]) in
            tables.map { Self.product($0[half], vector) }
                ?? halves[half].secondMoments(times: vector)
        }
        let both = { (vector: [Double]) in
            zip(moments(0, vector), moments(1, vector)).map { 0.5 * ($0 + $1) }
        }
        // The largest eigenvalue of the draws' own matrix would exceed the true one; so each half
        // of the draws measures along the eigenvector of the other.
        let squares = (0..<2).flatMap { half in
            let other = largest(derivative) { moments(1 - half, $0) }
            let pushed = derivative.pushed(other.vector)
            return halves[half].products(pushed).map { $0 * $0 }
        }
        return (
            MonteCarloEstimate(squares), largest(derivative, moments: both).vector,
            withMatrix ? matrix(derivative, moments: both) : nil
        )
    }

    /// λmax of Jᵀ G J, and its vector.
    private func largest(
        _ derivative: ContextDerivative,
        moments: ([Double]) -> [Double]
    ) -> (value: Double, vector: [Double]) {
        // Not orthogonal to anything by symmetry.
        let start = (0..<sensitivity.xDim).map { 1 + 0.5 * Double(($0 * 7919) % 13) / 13 }
        let image = derivative.pulled(moments(derivative.pushed(start)))
        guard dot(image, image) > 0, dot(image, image).isFinite else {
            // Nothing moves the posterior, or it does not tell how.
            var first = [Double](repeating: 0, count: sensitivity.xDim)
            first[0] = 1
            return (dot(image, image) == 0 ? 0 : .nan, first)
        }
        let top = LargestEigenvalue(start: image) {
            derivative.pulled(moments(derivative.pushed($0)))
        }
        return (top.value, top.vector)
    }

    /// Jᵀ G J, column by column.
    private func matrix(
        _ derivative: ContextDerivative,
        moments: ([Double]) -> [Double]
    ) -> [Double] {
        let count = sensitivity.xDim
        var matrix = [Double](repeating: 0, count: count * count)
        var unit = [Double](repeating: 0, count: count)
        for column in 0..<count {
            unit[column] = 1
            let image = derivative.pulled(moments(derivative.pushed(unit)))
            unit[column] = 0
            for row in 0..<count { matrix[row * count + column] = image[row] }
        }
        return matrix
    }

    /// Fisher information of a normal with mean μ and precision AᵀA, functions of the context.
    ///
    ///     G_ij = (A ∂ᵢμ)ᵀ (A ∂ⱼμ) + 2 tr(Sᵢ Sⱼ),  Sᵢ the symmetric part of (∂ᵢA) A⁻¹
    ///
    /// since the score is tr Bᵢ − yᵀ Bᵢ y + yᵀ A ∂ᵢμ at y ~ N(0, 1), Bᵢ = (∂ᵢA) A⁻¹.
    private func closedForm(
        _ context: [Float],
        _ derivative: ContextDerivative
    ) -> FisherInformation {
        let (width, count) = (sensitivity.normalWidth, sensitivity.contextDim)
        let dimension = sensitivity.thetaDim
        let normal = NormalParameters(
            sensitivity.normals(given: context, workers: workers),
            dimension: dimension
        )
        let table = sensitivity.normalDerivatives(given: context, workers: workers)
        // G = Fᵀ F: row k of F holds entry k of what moves with each unit of the context.
        let entries = dimension * (dimension + 1)
        var features = [Double](repeating: 0, count: entries * count)
        for unit in 0..<count {
            let column = (0..<width).map { Double(table[$0 * count + unit]) }
            let moved = normal.whitened(Array(column.prefix(dimension)))
            let factor = NormalParameters.factor(
                Array(column.dropFirst(dimension)),
                dimension: dimension
            )
            let bent = Self.symmetricPart(normal.dividing(factor), dimension)
            for (entry, value) in (moved + bent).enumerated() {
                features[entry * count + unit] = value
            }
        }
        let moments = { (vector: [Double]) in
            var result = [Double](repeating: 0, count: count)
            for entry in 0..<entries {
                var share = 0.0
                for unit in 0..<count { share += features[entry * count + unit] * vector[unit] }
                for unit in 0..<count { result[unit] += share * features[entry * count + unit] }
            }
            return result
        }
        let trace = derivative.squaredLengths(of: features).reduce(0, +)
        let top = largest(derivative, moments: moments)
        return FisherInformation(
            trace: MonteCarloEstimate(mean: trace, standardError: 0),
            largestEigenvalue: MonteCarloEstimate(mean: top.value, standardError: 0),
            direction: top.vector,
            matrix: withMatrix ? matrix(derivative, moments: moments) : nil,
            method: .closedForm
        )
    }

    /// √2 (B + Bᵀ) / 2 as a vector.
    private static func symmetricPart(_ matrix: [Double], _ n: Int) -> [Double] {
        (0..<(n * n)).map { place in
            let (row, column) = place.quotientAndRemainder(dividingBy: n)
            return (matrix[place] + matrix[column * n + row]) * 0.5.squareRoot()
        }
    }

    /// M v.
    private static func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        let count = vector.count
        return (0..<count).map { row in
            var total = 0.0
            for column in 0..<count { total += matrix[row * count + column] * vector[column] }
            return total
        }
    }
}

/// ∂ log q/∂c at draws, the last numbers of the rows of a table: of all draws or of every other one.
private struct Scores {
    private let rows: [Float]
    private let stride: Int
    private let width: Int
    private let draws: StrideTo<Int>
    private let count: Int

    init(_ rows: [Float], stride: Int, width: Int) {
        self.init(rows, stride: stride, width: width, first: 0, step: 1)
    }

    private init(_ rows: [Float], stride: Int, width: Int, first: Int, step: Int) {
        self.rows = rows
        self.stride = stride
        self.width = width
        draws = Swift.stride(from: first, to: rows.count / stride, by: step)
        count = (rows.count / stride - first + step - 1) / step
    }

    /// The even draws or the odd ones.
    func half(_ parity: Int) -> Scores {
        Scores(rows, stride: stride, width: width, first: parity, step: 2)
    }

    /// Where the score of a draw begins.
    private func start(_ draw: Int) -> Int { (draw + 1) * stride - width }

    /// gᵀ v.
    private func product(_ draw: Int, _ vector: [Double]) -> Double {
        let first = start(draw)
        var total = 0.0
        for place in 0..<width { total += Double(rows[first + place]) * vector[place] }
        return total
    }

    /// gᵀ v of each draw.
    func products(_ vector: [Double]) -> [Double] { draws.map { product($0, vector) } }

    /// All of them, `[S, C]`.
    var values: [Double] {
        var values: [Double] = []
        values.reserveCapacity(count * width)
        for draw in draws {
            let first = start(draw)
            for place in 0..<width { values.append(Double(rows[first + place])) }
        }
        return values
    }

    /// mean of g gᵀ, `[C, C]`.
    func secondMoments() -> [Double] {
        var moments = [Double](repeating: 0, count: width * width)
        for draw in draws {
            let first = start(draw)
            for row in 0..<width {
                let factor = Double(rows[first + row])
                for column in row..<width {
                    moments[row * width + column] += factor * Double(rows[first + column])
                }
            }
        }
        for row in 0..<width {
            for column in row..<width {
                let value = moments[row * width + column] / Double(count)
                moments[row * width + column] = value
                moments[column * width + row] = value
            }
        }
        return moments
    }

    /// mean of g (gᵀ v).
    func secondMoments(times vector: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: width)
        for draw in draws {
            let first = start(draw)
            let share = product(draw, vector)
            for place in 0..<width { result[place] += share * Double(rows[first + place]) }
        }
        return result.map { $0 / Double(count) }
    }
}
