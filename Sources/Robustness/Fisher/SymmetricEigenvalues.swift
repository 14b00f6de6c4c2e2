import Foundation

/// Eigenvalues and eigenvectors of a real symmetric matrix by Jacobi rotations.
///
/// *Reference*: Golub and Van Loan (2013), Matrix Computations, section 8.5.
struct SymmetricEigenvalues {
    /// The eigenvalues, largest first, `[N]`.
    private(set) var values: [Double]
    /// The eigenvector of each, of length one, `[N][N]`.
    private(set) var vectors: [[Double]]

    private static let sweeps = 64

    /// Decomposes a matrix `[N, N]`; only what is on and above the diagonal counts.
    init(_ matrix: [Double], dimension n: Int) {
        precondition(matrix.count == n * n, "\(matrix.count) entries for \(n) × \(n)")
        var a = matrix
        for row in 0..<n { for column in 0..<row { a[row * n + column] = a[column * n + row] } }
        // Row k is the k-th vector.
        var v = [Double](repeating: 0, count: n * n)
        for place in 0..<n { v[place * n + place] = 1 }
        for _ in 0..<Self.sweeps {
            var outside = 0.0
            var inside = 0.0
            for row in 0..<n {
                inside += a[row * n + row] * a[row * n + row]
                for column in (row + 1)..<max(n, row + 1) {
                    outside += a[row * n + column] * a[row * n + column]
                }
            }
            guard outside > 1e-30 * inside, outside.isFinite else { break }
            for p in 0..<n {
                for q in (p + 1)..<max(n, p + 1) where a[p * n + q] != 0 {
                    Self.rotate(&a, &v, p, q, n)
                }
            }
        }
        let order = (0..<n).sorted { a[$0 * n + $0] > a[$1 * n + $1] }
        values = order.map { a[$0 * n + $0] }
        vectors = order.map { Array(v[($0 * n)..<(($0 + 1) * n)]) }
    }

    /// Makes the entries (p, q) and (q, p) zero.
    private static func rotate(
        _ a: inout [Double],
        _ v: inout [Double],
        _ p: Int,
        _ q: Int,
        _ n: Int
    ) {
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
            let (x, y) = (a[k * n + p], a[k * n + q])
            a[k * n + p] = c * x - s * y
            a[k * n + q] = s * x + c * y
        }
        for k in 0..<n {
            let (x, y) = (a[p * n + k], a[q * n + k])
            a[p * n + k] = c * x - s * y
            a[q * n + k] = s * x + c * y
            let (e, f) = (v[p * n + k], v[q * n + k])
            v[p * n + k] = c * e - s * f
            v[q * n + k] = s * e + c * f
        }
    }
}

/// The largest eigenvalue of a symmetric positive semidefinite operator and its eigenvector, by
/// Lanczos' method with full orthogonalisation.
///
/// The operator is only ever applied to a vector, so its matrix need not exist.
///
/// *Reference*: Golub and Van Loan (2013), Matrix Computations, section 10.1.
struct LargestEigenvalue {
    /// The eigenvalue.
    let value: Double
    /// Its eigenvector, of length one, the entry largest in size positive.
    let vector: [Double]

    /// More steps hardly ever change a digit that Monte Carlo leaves.
    private static let steps = 64

    /// Searches the space of vectors `[N]`.
    ///
    /// - Parameters:
    ///   - start: Where to begin; any vector that is not orthogonal to the eigenvector.
    ///   - apply: The operator.
    init(start: [Double], apply: ([Double]) -> [Double]) {
        let size = dot(start, start).squareRoot()
        precondition(size > 0 && size.isFinite, "a start without direction")
        var basis = [start.map { $0 / size }]
        var diagonal: [Double] = []
        var beside: [Double] = []
        var best = (value: 0.0, weights: [1.0])
        while true {
            let last = basis[basis.count - 1]
            var next = apply(last)
            diagonal.append(dot(next, last))
            // Twice is enough.
            for _ in 0..<2 {
                for vector in basis {
                    let share = dot(next, vector)
                    for place in next.indices { next[place] -= share * vector[place] }
                }
            }
            let rest = dot(next, next).squareRoot()
            let previous = best.value
            best = Self.largest(diagonal, beside)
            let residual = rest * abs(best.weights[best.weights.count - 1])
            let isSettled =
                residual <= 1e-9 * best.value && best.value - previous <= 1e-9 * best.value
            guard
                !isSettled, rest > 1e-12 * best.value, rest.isFinite,
                basis.count < min(start.count, Self.steps)
            else { break }
            beside.append(rest)
            basis.append(next.map { $0 / rest })
        }
        value = best.value
        var vector = [Double](repeating: 0, count: start.count)
        for (weight, direction) in zip(best.weights, basis) {
            for place in vector.indices { vector[place] += weight * direction[place] }
        }
        let length = dot(vector, vector).squareRoot()
        let largest = vector.max { abs($0) < abs($1) } ?? 1
        self.vector = vector.map { $0 / (largest < 0 ? -length : length) }
    }

    /// The largest eigenvalue of a tridiagonal matrix by bisection, and its vector by inverse
    /// iteration.
    ///
    /// T − λ is negative definite above the largest eigenvalue alone, so the signs of its pivots
    /// tell on which side λ is, and no pivoting is needed there.
    ///
    /// *Reference*: Golub and Van Loan (2013), Matrix Computations, section 8.4.
    private static func largest(
        _ diagonal: [Double],
        _ beside: [Double]
    ) -> (value: Double, weights: [Double]) {
        let n = diagonal.count
        var (low, high) = (diagonal[0], diagonal[0])
        for place in 0..<n {
            let left = place > 0 ? abs(beside[place - 1]) : 0
            let right = place + 1 < n ? abs(beside[place]) : 0
            low = max(low, diagonal[place])
            high = max(high, diagonal[place] + left + right)
        }
        guard high.isFinite, high > low else { return (high, axis(of: diagonal)) }
        // Beyond the bound of the discs by a little: there every pivot is negative.
        high += 1e-15 * abs(high)
        while true {
            let middle = low + 0.5 * (high - low)
            guard middle > low, middle < high, high - low > 1e-15 * abs(high) else { break }
            if !exceedsAll(middle, diagonal, beside) {
                low = middle
            } else {
                high = middle
            }
        }
        guard let pivots = pivots(diagonal, beside, less: high) else {
            return (high, axis(of: diagonal))
        }
        var vector = [Double](repeating: 1, count: n)
        for _ in 0..<3 {
            // T − λ = L D Lᵀ with ones on the diagonal of L.
            for place in 1..<n {
                vector[place] -= beside[place - 1] / pivots[place - 1] * vector[place - 1]
            }
            for place in 0..<n { vector[place] /= pivots[place] }
            for place in (0..<(n - 1)).reversed() {
                vector[place] -= beside[place] / pivots[place] * vector[place + 1]
            }
            let length = dot(vector, vector).squareRoot()
            for place in 0..<n { vector[place] /= length }
        }
        return (high, vector)
    }

    /// Whether a number exceeds all eigenvalues: the pivots of T − λ are negative.
    private static func exceedsAll(
        _ shift: Double,
        _ diagonal: [Double],
        _ beside: [Double]
    ) -> Bool {
        var last = -Double.infinity
        for place in diagonal.indices {
            var pivot = diagonal[place] - shift
            if place > 0 { pivot -= beside[place - 1] * beside[place - 1] / last }
            guard pivot < 0 else { return false }
            last = pivot
        }
        return true
    }

    /// The pivots of T − λ, if all are negative.
    private static func pivots(
        _ diagonal: [Double],
        _ beside: [Double],
        less shift: Double
    ) -> [Double]? {
        var pivots: [Double] = []
        pivots.reserveCapacity(diagonal.count)
        for place in diagonal.indices {
            var pivot = diagonal[place] - shift
            if let last = pivots.last { pivot -= beside[place - 1] * beside[place - 1] / last }
            guard pivot < 0 else { return nil }
            pivots.append(pivot)
        }
        return pivots
    }

    /// The axis of the largest entry of a diagonal matrix.
    private static func axis(of diagonal: [Double]) -> [Double] {
        let top = diagonal.indices.max { diagonal[$0] < diagonal[$1] }
        return diagonal.indices.map { $0 == top ? 1 : 0 }
    }
}

/// Σ aᵢ bᵢ.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    var total = 0.0
    for place in a.indices { total += a[place] * b[place] }
    return total
}
