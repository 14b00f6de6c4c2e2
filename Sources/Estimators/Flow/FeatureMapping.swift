import Autodiff
import Glibc
import Kernels

/// The maps of several features, element by element, as parts of lane programs.
///
/// A map's numbers are evaluated in *blocks* of one kind, each a run of the conditioner's output
/// rows, so that what is done to one kind is done to neighbouring rows.
struct FeatureMapping: Sendable {
    private let kind: Kind
    /// How many numbers the map of one feature takes.
    let numbersPerFeature: Int

    private enum Kind: Sendable {
        case softplusAffine(floor: Float)
        case softClippedAffine(slope: Double)
        case spline(SplineMapping)
    }

    init(_ map: FeatureMap) {
        numbersPerFeature = map.numbersPerFeature
        kind =
            switch map {
            case .softplusAffine(let floor): .softplusAffine(floor: Float(floor))
            case .softClippedAffine(let slope): .softClippedAffine(slope: slope)
            case .rationalQuadraticSpline(let spline): .spline(SplineMapping(spline))
            case .softClippedSpline(let bins, let bound, let slope):
                .spline(SplineMapping(bins: bins, bound: bound, slope: slope))
            }
    }

    /// The file's row at each of our rows, for `count` features in the file's order.
    func rowOrder(count: Int) -> [Int] {
        switch kind {
        case .softplusAffine, .softClippedAffine: Array(0..<(2 * count))
        case .spline(let spline): spline.rowOrder(count: count)
        }
    }

    /// The runs of our rows that hold the numbers of some neighbouring features of `count`.
    func blocks(of features: Range<Int>, count: Int) -> [Range<Int>] {
        switch kind {
        case .softplusAffine, .softClippedAffine:
            [(2 * features.lowerBound)..<(2 * features.upperBound)]
        case .spline(let spline): spline.blocks(of: features, count: count)
        }
    }

    /// Appends y and its slopes for u, one number a feature, from the numbers of each block.
    func appendForward(
        of u: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue) {
        switch kind {
        case .softplusAffine, .softClippedAffine:
            let (scales, shifts) = appendAffine(numbers[0], to: &program)
            return (program.add(program.multiply(scales, u), shifts), scales)
        case .spline(let spline):
            return spline.appendForward(of: u, numbers: numbers, to: &program)
        }
    }

    /// Appends u and the slopes of the forward map there.
    func appendInverse(
        of y: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (u: LaneValue, slopes: LaneValue) {
        switch kind {
        case .softplusAffine, .softClippedAffine:
            let (scales, shifts) = appendAffine(numbers[0], to: &program)
            return (program.apply(.divide, program.subtract(y, shifts), scales), scales)
        case .spline(let spline):
            return spline.appendInverse(of: y, numbers: numbers, to: &program)
        }
    }

    private func appendAffine(
        _ numbers: LaneValue,
        to program: inout LaneProgram
    ) -> (scales: LaneValue, shifts: LaneValue) {
        let even = program.gather(numbers, (0..<(numbers.width / 2)).map { 2 * $0 })
        func odd() -> LaneValue {
            program.gather(numbers, (0..<even.width).map { 2 * $0 + 1 })
        }
        switch kind {
        case .softplusAffine(let floor):
            let scales = program.scale(program.apply(.softplus, even), by: 1, plus: floor)
            return (scales, odd())
        case .softClippedAffine(let slope):
            return (program.apply(.exp, program.softClip(odd(), to: slope)), even)
        case .spline: preconditionFailure("a spline is not affine")
        }
    }
}

extension LaneProgram {
    /// a / (1 + |a / ln slope|), which lies between ln slope and −ln slope.
    mutating func softClip(_ a: LaneValue, to slope: Double, gain: Float = 1) -> LaneValue {
        let share = scale(a, by: gain / Float(-log(slope)))
        let size = select(share, share, scale(share, by: -1))
        return apply(.divide, a, scale(size, by: 1, plus: 1))
    }
}
