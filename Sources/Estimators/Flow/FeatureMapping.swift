import Autodiff
import Glibc
import Kernels

/// The maps of several features, element by element, as parts of lane programs.
///
/// A map's numbers are evaluated in *blocks* of one kind, each a run of the conditioner's output
/// rows, so that what is done to one kind is done to neighbouring rows.
struct FeatureMapping: Sendable {
    private let map: FeatureMap

    init(_ map: FeatureMap) { self.map = map }

    /// How many numbers the map of one feature takes.
    var numbersPerFeature: Int { map.numbersPerFeature }

    /// The file's row at each of our rows, for `count` features in the file's order.
    func rowOrder(count: Int) -> [Int] { Array(0..<(count * numbersPerFeature)) }

    /// The runs of our rows that hold the numbers of some neighbouring features of `count`.
    func blocks(of features: Range<Int>, count: Int) -> [Range<Int>] {
        [(2 * features.lowerBound)..<(2 * features.upperBound)]
    }

    /// Appends y and its slopes for u, one number a feature, from the numbers of each block.
    func appendForward(
        of u: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (y: LaneValue, slopes: LaneValue) {
        let (scales, shifts) = appendAffine(numbers[0], to: &program)
        return (program.add(program.multiply(scales, u), shifts), scales)
    }

    /// Appends u and the slopes of the forward map there.
    func appendInverse(
        of y: LaneValue,
        numbers: [LaneValue],
        to program: inout LaneProgram
    ) -> (u: LaneValue, slopes: LaneValue) {
        let (scales, shifts) = appendAffine(numbers[0], to: &program)
        return (program.apply(.divide, program.subtract(y, shifts), scales), scales)
    }

    private func appendAffine(
        _ numbers: LaneValue,
        to program: inout LaneProgram
    ) -> (scales: LaneValue, shifts: LaneValue) {
        let even = program.gather(numbers, (0..<(numbers.width / 2)).map { 2 * $0 })
        switch map {
        case .softplusAffine(let floor):
            let scales = program.scale(
                program.apply(.softplus, even),
                by: 1,
                plus: Float(floor)
            )
            return (scales, program.gather(numbers, (0..<even.width).map { 2 * $0 + 1 }))
        case .softClippedAffine(let slope):
            let raw = program.gather(numbers, (0..<even.width).map { 2 * $0 + 1 })
            return (program.apply(.exp, program.softClip(raw, to: slope)), even)
        case .rationalQuadraticSpline, .softClippedSpline:
            preconditionFailure("a spline is not affine")
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
