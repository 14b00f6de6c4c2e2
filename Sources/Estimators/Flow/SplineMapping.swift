import Autodiff
import Glibc
import Kernels

/// Monotone rational-quadratic splines of several features, as parts of lane programs.
///
///     y = Yₖ + hₖ (s ξ² + dₖ ξ(1−ξ)) / (s + (dₖ₊₁ + dₖ − 2s) ξ(1−ξ)),  ξ = (u − Xₖ) / wₖ, s = hₖ / wₖ
///
/// Numbers come in three blocks: raw widths, raw heights and raw derivatives, feature after
/// feature. Only what stands at the bin of a value is turned into edges and slopes, so that the
/// work on all bins is the softmax and two searches.
///
/// *Reference*: Durkan, Bekasov, Murray, Papamakarios (2019), Neural Spline Flows,
/// arXiv:1906.04032, eq. 4 to 8.
///
/// *Edge cases*: the identity outside the bound; NaN stays NaN; ξ is kept in [0, 1] and the
/// discriminant of the inverse at least zero, whatever rounding does.
struct SplineMapping: Sendable {
    private let bins: Int
    private let bound: Float
    /// What raw widths and heights are divided by.
    private let divisor: Float
    private let widths: BinEdges
    private let heights: BinEdges
    private let derivative: Derivative

    /// How a raw derivative becomes a slope.
    private enum Derivative: Sendable {
        /// softplus(raw) + floor, with this raw number at the ends.
        case softplus(floor: Float, end: Float)
        /// exp(softClip(raw)), one at the ends; widths and heights are clipped, too.
        case clippedExponential(slope: Double)
    }

    init(_ spline: RationalQuadraticSpline) {
        bins = spline.bins
        bound = Float(spline.tailBound)
        divisor = Float(spline.divisor)
        func edges(minimum: Double) -> BinEdges {
            BinEdges(
                size: spline.bins,
                start: Float(-spline.tailBound),
                step: Float(2 * spline.tailBound * minimum),
                slope: Float(2 * spline.tailBound * (1 - Double(spline.bins) * minimum))
            )
        }
        widths = edges(minimum: spline.minimumBinWidth)
        heights = edges(minimum: spline.minimumBinHeight)
        derivative = .softplus(
            floor: Float(spline.minimumDerivative),
            end: Float(log(expm1(1 - spline.minimumDerivative)))
        )
    }

    init(bins: Int, bound: Double, slope: Double) {
        self.bins = bins
        self.bound = Float(bound)
        divisor = 1
        widths = BinEdges(size: bins, start: Float(-bound), step: 0, slope: Float(2 * bound))
        heights = widths
        derivative = .clippedExponential(slope: slope)
    }

    /// The file's row at each of our rows, for `count` features in the file's order.
    func rowOrder(count: Int) -> [Int] {
        let numbers = 3 * bins - 1
        return [0..<bins, bins..<(2 * bins), (2 * bins)..<numbers].flatMap { kind in
            (0..<count).flatMap { feature in kind.map { feature * numbers + $0 } }
        }
    }

    /// The runs of our rows that hold the numbers of some neighbouring features of `count`.
    func blocks(of features: Range<Int>, count: Int) -> [Range<Int>] {
        [(0, bins), (count * bins, bins), (2 * count * bins, bins - 1)].map { start, size in
            (start + features.lowerBound * size)..<(start + features.upperBound * size)
        }
    }
}

/// The bins that values are in, one value a feature.
private struct SelectedBins {
    var lowerX: LaneValue
    var width: LaneValue
    var lowerY: LaneValue
    var height: LaneValue
    /// Slopes at the lower and the upper edge.
    var lowerSlope: LaneValue
    var upperSlope: LaneValue
}

extension SplineMapping {
    /// Appends y and its slopes for u, from raw widths, heights and derivatives.
    func appendForward(
        of u: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue) {
        let isInside = appendIsInside(u, to: &program)
        let bins = appendBins(of: u, isInside, numbers, byHeight: false, to: &program)
        let xi = clampedToUnit(
            program.apply(
                .divide,
                program.subtract(bins.value, bins.selected.lowerX),
                bins.selected.width
            ),
            in: &program
        )
        let curve = appendCurve(at: xi, bins.selected, to: &program)
        let rise = program.apply(
            .divide,
            program.multiply(bins.selected.height, program.multiply(xi, curve.chord)),
            curve.denominator
        )
        let y = program.add(bins.selected.lowerY, rise)
        let one = program.literal(Array(repeating: 1, count: u.width))
        return (program.select(isInside, y, u), program.select(isInside, curve.slope, one))
    }

    /// Appends u and the slopes of the forward map there.
    func appendInverse(
        of y: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (u: LaneValue, slopes: LaneValue) {
        let isInside = appendIsInside(y, to: &program)
        let bins = appendBins(of: y, isInside, numbers, byHeight: true, to: &program)
        let bin = bins.selected
        // a ξ² + b ξ + c = 0 by the root that stays in the bin, free of cancellation.
        let rise = program.subtract(bins.value, bin.lowerY)
        let s = program.apply(.divide, bin.height, bin.width)
        let bend = appendBend(bin, s, to: &program)
        let shared = program.multiply(rise, bend)
        let a = program.add(
            shared,
            program.multiply(bin.height, program.subtract(s, bin.lowerSlope))
        )
        let b = program.subtract(program.multiply(bin.height, bin.lowerSlope), shared)
        let product = program.multiply(s, rise)
        let discriminant = program.add(
            program.multiply(b, b),
            program.scale(program.multiply(a, product), by: 4)
        )
        let root = program.apply(.squareRoot, program.relu(discriminant))
        let xi = clampedToUnit(
            program.apply(.divide, program.scale(product, by: 2), program.add(b, root)),
            in: &program
        )
        let u = program.add(bin.lowerX, program.multiply(xi, bin.width))
        let curve = appendCurve(at: xi, bin, to: &program)
        let one = program.literal(Array(repeating: 1, count: y.width))
        return (program.select(isInside, u, y), program.select(isInside, curve.slope, one))
    }

    /// Positive inside the bound, else not; NaN stays NaN.
    private func appendIsInside(_ x: LaneValue, to program: inout LaneProgram) -> LaneValue {
        program.scale(program.multiply(x, x), by: -1, plus: bound * bound)
    }

    /// The bins of values, which are replaced by zero outside the bound.
    private func appendBins(
        of x: LaneValue,
        _ isInside: LaneValue,
        _ numbers: [LaneValue],
        byHeight: Bool,
        to program: inout LaneProgram
    ) -> (value: LaneValue, selected: SelectedBins) {
        let count = x.width
        let value = program.select(
            isInside,
            x,
            program.literal(Array(repeating: 0, count: count))
        )
        let shares = numbers[0...1].map { raw in
            program.apply(.softmax(size: bins), appendLogits(raw, to: &program), count: count)
        }
        let index = program.apply(
            .binIndex(byHeight ? heights : widths),
            shares[byHeight ? 1 : 0],
            value,
            count: count
        )
        let x = program.apply(.edges(widths), shares[0], index, count: count)
        let y = program.apply(.edges(heights), shares[1], index, count: count)
        let slopes = appendSlopes(numbers[2], index, to: &program)
        return (
            value,
            SelectedBins(
                lowerX: program.slice(x, 0..<count),
                width: program.slice(x, count..<(2 * count)),
                lowerY: program.slice(y, 0..<count),
                height: program.slice(y, count..<(2 * count)),
                lowerSlope: program.slice(slopes, 0..<count),
                upperSlope: program.slice(slopes, count..<(2 * count))
            )
        )
    }

    /// What the softmax of raw widths or heights is taken of.
    private func appendLogits(_ raw: LaneValue, to program: inout LaneProgram) -> LaneValue {
        switch derivative {
        case .softplus: divisor == 1 ? raw : program.scale(raw, by: 1 / divisor)
        case .clippedExponential(let slope): program.softClip(raw, to: slope, gain: 2)
        }
    }

    /// The slopes at both edges of the selected bins.
    private func appendSlopes(
        _ raw: LaneValue,
        _ index: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        func knots(outside: Float) -> LaneValue {
            program.apply(
                .knots(size: bins - 1, outside: outside),
                raw,
                index,
                count: index.width
            )
        }
        switch derivative {
        case .softplus(let floor, let end):
            return program.scale(program.apply(.softplus, knots(outside: end)), by: 1, plus: floor)
        case .clippedExponential(let slope):
            return program.apply(.exp, program.softClip(knots(outside: 0), to: slope))
        }
    }

    /// dₖ + dₖ₊₁ − 2s.
    private func appendBend(
        _ bin: SelectedBins,
        _ s: LaneValue,
        to program: inout LaneProgram
    ) -> LaneValue {
        program.add(program.add(bin.lowerSlope, bin.upperSlope), program.scale(s, by: -2))
    }

    /// The slope at ξ, and what the value is made of: y = Yₖ + h ξ chord / denominator.
    private func appendCurve(
        at xi: LaneValue,
        _ bin: SelectedBins,
        to program: inout LaneProgram
    ) -> (slope: LaneValue, chord: LaneValue, denominator: LaneValue) {
        let rest = program.scale(xi, by: -1, plus: 1)
        let s = program.apply(.divide, bin.height, bin.width)
        let bend = appendBend(bin, s, to: &program)
        let denominator = program.add(s, program.multiply(bend, program.multiply(xi, rest)))
        let chord = program.add(
            program.multiply(s, xi),
            program.multiply(bin.lowerSlope, rest)
        )
        // s² (dₖ₊₁ ξ² + 2 s ξ(1−ξ) + dₖ (1−ξ)²) / denominator².
        let far = program.add(
            program.multiply(bin.upperSlope, xi),
            program.multiply(s, rest)
        )
        let sum = program.add(program.multiply(xi, far), program.multiply(rest, chord))
        let ratio = program.apply(.divide, s, denominator)
        return (program.multiply(program.multiply(ratio, ratio), sum), chord, denominator)
    }

    /// x kept in [0, 1]; zero for NaN.
    private func clampedToUnit(_ x: LaneValue, in program: inout LaneProgram) -> LaneValue {
        let zero = program.literal(Array(repeating: 0, count: x.width))
        let one = program.literal(Array(repeating: 1, count: x.width))
        let lower = program.select(x, x, zero)
        return program.select(program.scale(lower, by: -1, plus: 1), lower, one)
    }
}
