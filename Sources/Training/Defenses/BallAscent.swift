import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Perturbations of x in an L2 ball, many rows at once: random ones, and steps of an attack.
struct BallAscent: Sendable {
    /// The radius ε in the user's unit of x.
    let radius: Double
    private let seed: UInt64
    /// Rows one thread takes at a time.
    private static let rowsPerTile = 32

    init(radius: Double, seed: UInt64) {
        self.radius = radius
        self.seed = seed
    }

    /// Points drawn uniformly from the ball, one for each row of a step, `[rows, L]`.
    func random(_ step: DefenseStep, xDim: Int) -> [Float] {
        let numbers = Array(step.rows)
        let stream = RandomStream(seed: seed).substream(UInt64(step.number))
        let radius = radius
        var delta = [Float](repeating: 0, count: numbers.count * xDim)
        Self.fill(&delta, width: xDim, workers: step.workers) { row, start, target in
            var stream = stream.substream(UInt64(numbers[row]))
            var squares = 0.0
            for entry in start..<start + xDim {
                let normal = stream.normal()
                squares += normal * normal
                target[entry] = Float(normal)
            }
            // r U^(1/L) along a random direction.
            let length = radius * stream.uniform().root(xDim) / squares.squareRoot()
            for entry in start..<start + xDim { target[entry] *= Float(length) }
        }
        return delta
    }

    /// Moves each row by a step along its gradient, then back into the ball; a row whose gradient
    /// is zero or not finite stays.
    func advance(
        _ delta: inout [Float],
        along gradients: [Float],
        stepSize: Double,
        xDim: Int,
        workers: Int
    ) {
        let radius = radius
        Self.fill(&delta, width: xDim, workers: workers) { row, start, target in
            let gradients = gradients.span
            let own = row * xDim
            // Where x is missing, its gradient is no number.
            var squares = 0.0
            for entry in 0..<xDim where !gradients[own + entry].isNaN {
                squares += Double(gradients[own + entry]) * Double(gradients[own + entry])
            }
            guard squares > 0, squares.isFinite else { return }
            let factor = Float(stepSize / squares.squareRoot())
            var size = 0.0
            for entry in 0..<xDim where !gradients[own + entry].isNaN {
                let moved = target[start + entry] + factor * gradients[own + entry]
                target[start + entry] = moved
                size += Double(moved) * Double(moved)
            }
            size = size.squareRoot()
            guard size > radius else { return }
            let shrinkage = Float(radius / size)
            for entry in start..<start + xDim { target[entry] *= shrinkage }
        }
    }

    /// x + δ.
    static func moved(_ x: [Float], by delta: [Float]) -> [Float] {
        var sum = x
        add(delta, times: 1, to: &sum)
        return sum
    }

    /// Calls `body` with each row of a table, by where it starts in a part of it, on several
    /// threads.
    private static func fill(
        _ table: inout [Float],
        width: Int,
        workers: Int,
        body:
            @escaping @Sendable (_ row: Int, _ start: Int, _ values: inout MutableSpan<Float>) ->
            Void
    ) {
        let rows = table.count / width
        let ends = stride(from: 0, to: rows, by: rowsPerTile).map {
            min($0 + rowsPerTile, rows) * width
        }
        ParallelTiles.fill(&table, ends: ends, workers: workers) { tile, values in
            for place in 0..<values.count / width {
                body(tile * rowsPerTile + place, place * width, &values)
            }
        }
    }
}

extension Double {
    /// The n-th root of a number from 0 to 1.
    fileprivate func root(_ degree: Int) -> Double { pow(self, 1 / Double(degree)) }
}
