import Autodiff
import Kernels

/// A logarithmic scale for entries of x with heavy tails, such as counts and populations: what
/// spans orders of magnitude is seen with the same resolution in each of them.
///
///     f(x) = sign(x) log(1 + │x│ / unit)
///
/// Near zero f is linear, so zeros and signs do no harm.
public struct LogarithmicScale: Sendable, Equatable {
    /// The unit of each entry of x, `[L]`; 0 leaves an entry as it is.
    public let units: [Float]

    /// The scale of these units; nil when every unit is 0.
    public init?(units: [Float]) {
        guard units.contains(where: { $0 != 0 }) else { return nil }
        self.units = units
    }

    /// The scale that suits the rows of a training set; nil when no entry has heavy tails.
    ///
    /// An entry that is never negative is seen logarithmically if its upper half, between the
    /// quantiles of 50 and 95 %, is more than three times as wide as its lower half; the unit is
    /// its quantile of 1 % or, if that is zero, its smallest positive value. An entry of both signs
    /// has a place on the line that the logarithm would blur near zero, so it is only if it spans
    /// orders of magnitude: if its range without the outer 1 % is more than twelve times its
    /// interquartile range (3.4 for a normal, 6 for slcp, 8 for a t distribution with 2 degrees of
    /// freedom, 35 with one); the unit is the median of its absolute values.
    ///
    /// - Parameters:
    ///   - x: `[N, L]`.
    ///   - rows: The rows to look at; the first 10,000 of them are.
    ///   - xDim: L.
    public init?(x: [Float], rows: ArraySlice<Int>, xDim: Int) {
        self.init(
            units: (0..<xDim).map { entry in
                Self.unit(of: rows.prefix(10_000).map { x[$0 * xDim + entry] })
            }
        )
    }

    /// The unit that suits the values of one entry, or 0.
    private static func unit(of values: [Float]) -> Float {
        let sorted = values.sorted()
        guard let least = sorted.first, let greatest = sorted.last else { return 0 }
        func quantile(_ level: Double, of values: [Float]) -> Float {
            values[Int(level * Double(values.count - 1))]
        }
        if least >= 0 || greatest <= 0 {
            let sizes = least >= 0 ? sorted : sorted.reversed().map { -$0 }
            let median = quantile(0.5, of: sizes)
            let upper = quantile(0.95, of: sizes) - median
            guard upper > 3 * (median - quantile(0.05, of: sizes)) else { return 0 }
            let low = quantile(0.01, of: sizes)
            let unit = low > 0 ? low : sizes.first { $0 > 0 } ?? 0
            return usable(unit, greatest: sizes[sizes.count - 1])
        }
        let range = quantile(0.99, of: sorted) - quantile(0.01, of: sorted)
        guard range > 12 * (quantile(0.75, of: sorted) - quantile(0.25, of: sorted)) else {
            return 0
        }
        let sizes = sorted.map(abs).sorted()
        return usable(quantile(0.5, of: sizes), greatest: sizes[sizes.count - 1])
    }

    /// The unit, unless the ratio to the greatest value leaves the numbers.
    private static func usable(_ unit: Float, greatest: Float) -> Float {
        (greatest / unit).isFinite && (1 / unit).isFinite ? unit : 0
    }

    /// f of every entry of a table `[N, L]`.
    public func values(of x: [Float]) -> [Float] {
        var seen = x
        for (entry, unit) in units.enumerated() where unit != 0 {
            for place in stride(from: entry, to: x.count, by: units.count) {
                let size = Float(logarithm(1 + Double(abs(x[place])) / Double(unit)))
                seen[place] = x[place] < 0 ? -size : size
            }
        }
        return seen
    }
}

// In model files and programs.
extension LogarithmicScale {
    /// The name of the tensor of a model file, which is there if any entry is seen so.
    static let tensorName = "standardization.x_logarithm_unit"

    /// Reads the scale of a model file, if it has one.
    ///
    /// - Throws: `EstimatorError` when it has another shape or a unit that is none.
    static func read(
        from tensors: [String: Tensor],
        xDim: Int
    ) throws(EstimatorError) -> LogarithmicScale? {
        guard tensors[tensorName] != nil else { return nil }
        let units = try tensors.required(tensorName, shape: [xDim]).values
        for (index, unit) in units.enumerated() where unit != 0 {
            guard unit > 0, unit.isFinite, (1 / unit).isFinite else {
                throw .invalidArchitecture(
                    "\(tensorName)[\(index)] is \(unit), expected 0 or a positive number"
                )
            }
        }
        guard let scale = LogarithmicScale(units: units) else {
            throw .invalidArchitecture("\(tensorName) is all zeros, expected no such tensor")
        }
        return scale
    }

    /// Appends f of x, `[L]`.
    func append(_ x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        let curved = units.indices.filter { units[$0] != 0 }
        let straight = units.indices.filter { units[$0] == 0 }
        let zeros = [Float](repeating: 0, count: curved.count)
        let scaled = program.scaleAndShift(
            program.gather(x, curved),
            scales: curved.map { 1 / units[$0] },
            shifts: zeros
        )
        func size(_ x: LaneValue) -> LaneValue {
            program.apply(.log, program.scale(program.relu(x), by: 1, plus: 1))
        }
        let above = size(scaled)
        let below = size(program.scale(scaled, by: -1))
        var parts = [program.subtract(above, below)]
        if !straight.isEmpty { parts.append(program.gather(x, straight)) }
        var places = Array(repeating: 0, count: units.count)
        for (place, entry) in (curved + straight).enumerated() { places[entry] = place }
        return program.gather(program.concatenate(parts), places)
    }
}
