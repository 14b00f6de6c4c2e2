internal import CLaneLoops
import Glibc

/// A function of groups of neighbouring rows, lane by lane.
///
/// Splines are made of these: the softmax of raw bin sizes, the search for the bin of a value, and
/// what stands at that bin. A *selector* is a row of bin indices, whole numbers held in floats.
/// `edges` and `knots` are linear in their groups and come with their transposes, so that
/// derivatives of every order are made of the same functions.
public enum GroupFunction: Sendable, Hashable {
    /// eˣ / Σ eˣ over each group of `size`.
    case softmax(size: Int)
    /// p ⊙ (v − Σ p v) over each group of `size`: the softmax's derivative, which is symmetric.
    case softmaxDerivative(size: Int)
    /// How many inner edges are at most a value: from 0 to size − 1, 0 for NaN.
    case binIndex(BinEdges)
    /// The lower edges of the selected bins, then their sizes.
    case edges(BinEdges)
    /// The transpose of `edges` without its constants.
    case edgesTransposed(size: Int, slope: Float)
    /// From groups of `size` inner knots: those below the selected bins, then those above;
    /// `outside` where there is none.
    case knots(size: Int, outside: Float)
    /// The transpose of `knots` without its constant.
    case knotsTransposed(size: Int)

    /// Rows of the first operand, by the number of groups.
    public func leftRows(groups: Int) -> Int {
        switch self {
        case .softmax(let size), .softmaxDerivative(let size), .knots(let size, _): groups * size
        case .binIndex(let edges), .edges(let edges): groups * edges.size
        case .edgesTransposed, .knotsTransposed: 2 * groups
        }
    }

    /// Rows of the second operand, by the number of groups; zero where there is none.
    public func rightRows(groups: Int) -> Int {
        switch self {
        case .softmax: 0
        case .softmaxDerivative(let size): groups * size
        case .binIndex, .edges, .edgesTransposed, .knots, .knotsTransposed: groups
        }
    }

    /// Rows of the result, by the number of groups.
    public func resultRows(groups: Int) -> Int {
        switch self {
        case .softmax(let size), .softmaxDerivative(let size), .edgesTransposed(let size, _),
            .knotsTransposed(let size):
            groups * size
        case .binIndex: groups
        case .edges, .knots: 2 * groups
        }
    }

    /// Members of a group.
    var size: Int {
        switch self {
        case .softmax(let size), .softmaxDerivative(let size), .edgesTransposed(let size, _),
            .knots(let size, _), .knotsTransposed(let size):
            size
        case .binIndex(let edges), .edges(let edges): edges.size
        }
    }
}

/// Where the edges of bins lie: edge j is start + j · step + slope · Σ of the first j shares.
public struct BinEdges: Sendable, Hashable {
    /// Number of bins.
    public var size: Int
    /// Edge 0.
    public var start: Float
    /// What every bin has.
    public var step: Float
    /// What a bin has by its share.
    public var slope: Float

    /// Makes edges from their constants.
    public init(size: Int, start: Float, step: Float, slope: Float) {
        self.size = size
        self.start = start
        self.step = step
        self.slope = slope
    }
}

extension GroupFunction {
    /// The naive twin, one lane in Double.
    public func naive(_ left: [Double], _ right: [Double], groups: Int) -> [Double] {
        var result = [Double](repeating: 0, count: resultRows(groups: groups))
        for group in 0..<groups {
            let members = (group * size)..<((group + 1) * size)
            switch self {
            case .softmax:
                let largest = left[members].max() ?? 0
                let powers = left[members].map { exp($0 - largest) }
                let total = powers.reduce(0, +)
                for (member, power) in zip(members, powers) { result[member] = power / total }
            case .softmaxDerivative:
                let mean = members.reduce(0) { $0 + left[$1] * right[$1] }
                for member in members { result[member] = left[member] * (right[member] - mean) }
            case .binIndex(let edges):
                let inner = edges.naive(left[members]).dropFirst().dropLast()
                result[group] = Double(inner.count { $0 <= right[group] })
            case .edges(let edges):
                let bin = Int(right[group])
                let all = edges.naive(left[members])
                result[group] = all[bin]
                result[groups + group] = all[bin + 1] - all[bin]
            case .edgesTransposed(_, let slope):
                let bin = Int(right[group])
                for member in 0..<size {
                    let cotangent =
                        member < bin ? left[group] : member == bin ? left[groups + group] : 0
                    result[members.lowerBound + member] = Double(slope) * cotangent
                }
            case .knots(_, let outside):
                let bin = Int(right[group])
                result[group] = bin > 0 ? left[members.lowerBound + bin - 1] : Double(outside)
                result[groups + group] =
                    bin < size ? left[members.lowerBound + bin] : Double(outside)
            case .knotsTransposed:
                let bin = Int(right[group])
                if bin > 0 { result[members.lowerBound + bin - 1] += left[group] }
                if bin < size { result[members.lowerBound + bin] += left[groups + group] }
            }
        }
        return result
    }
}

extension BinEdges {
    /// All edges, `[size + 1]`.
    fileprivate func naive(_ shares: ArraySlice<Double>) -> [Double] {
        var edges = [Double(start)]
        var sum = 0.0
        for (index, share) in shares.enumerated() {
            sum += share
            edges.append(Double(start) + Double(index + 1) * Double(step) + Double(slope) * sum)
        }
        return edges
    }
}

/// The rows one group function reads and writes; a row has `vectors` vectors.
@unsafe
struct GroupOperands {
    var target: UnsafeMutablePointer<SIMD8<Float>>
    var left: UnsafePointer<SIMD8<Float>>
    var right: UnsafePointer<SIMD8<Float>>
    var groups: Int
    var vectors: Int
}

/// Applies a function to all groups.
///
/// The loops run over a group's members within one vector of lanes, so that sums and selections
/// stay in registers.
func applyGroups(_ function: GroupFunction, _ operands: GroupOperands) {
    let size = function.size
    let vectors = unsafe operands.vectors
    for group in unsafe 0..<operands.groups {
        for vector in 0..<vectors {
            // What has as many rows as a group has members, and what has one row a group.
            let members = group &* size &* vectors &+ vector
            let single = group &* vectors &+ vector
            let second = unsafe single &+ operands.groups &* vectors
            switch function {
            case .softmax:
                unsafe softmax(
                    operands.target + members,
                    operands.left + members,
                    size: size,
                    stride: vectors
                )
            case .softmaxDerivative:
                unsafe softmaxDerivative(
                    operands.target + members,
                    operands.left + members,
                    operands.right + members,
                    size: size,
                    stride: vectors
                )
            case .binIndex(let edges):
                unsafe operands.target[single] = binIndex(
                    of: operands.right[single],
                    operands.left + members,
                    edges,
                    stride: vectors
                )
            case .edges(let edges):
                let (lower, extent) = unsafe selectedBin(
                    operands.right[single],
                    operands.left + members,
                    edges,
                    stride: vectors
                )
                unsafe operands.target[single] = lower
                unsafe operands.target[second] = extent
            case .edgesTransposed(_, let slope):
                let factor = SIMD8<Float>(repeating: slope)
                let below = unsafe operands.left[single] * factor
                let at = unsafe operands.left[second] * factor
                let bin = unsafe operands.right[single]
                var output = unsafe operands.target + members
                for member in 0..<size {
                    unsafe output.pointee = SIMD8<Float>.zero
                        .replacing(with: at, where: bin .> beforeBin(member))
                        .replacing(with: below, where: bin .> beforeBin(member &+ 1))
                    unsafe output += vectors
                }
            case .knots(_, let outside):
                let bin = unsafe operands.right[single]
                let none = SIMD8<Float>(repeating: outside)
                var lower = none
                var upper = none
                var input = unsafe operands.left + members
                for member in 0..<size {
                    let value = unsafe input.pointee
                    upper = upper.replacing(with: value, where: bin .> beforeBin(member))
                    lower = lower.replacing(with: value, where: bin .> beforeBin(member &+ 1))
                    unsafe input += vectors
                }
                unsafe operands.target[single] = lower
                unsafe operands.target[second] =
                    upper
                    .replacing(with: none, where: bin .> beforeBin(size))
            case .knotsTransposed:
                let lower = unsafe operands.left[single]
                let upper = unsafe operands.left[second]
                let bin = unsafe operands.right[single]
                var output = unsafe operands.target + members
                for member in 0..<size {
                    unsafe output.pointee = SIMD8<Float>.zero
                        .replacing(with: upper, where: bin .> beforeBin(member))
                        .replacing(with: lower, where: bin .> beforeBin(member &+ 1))
                        .replacing(with: SIMD8<Float>.zero, where: bin .> beforeBin(member &+ 2))
                    unsafe output += vectors
                }
            }
        }
    }
}

/// What the indices of bins from `bin` on exceed, and no other: a comparison for equality compiles
/// to scalar code, one for order does not.
@inline(__always)
private func beforeBin(_ bin: Int) -> SIMD8<Float> {
    SIMD8(repeating: Float(bin) - 0.5)
}

@inline(__always)
private func softmax(
    _ target: UnsafeMutablePointer<SIMD8<Float>>,
    _ source: UnsafePointer<SIMD8<Float>>,
    size: Int,
    stride: Int
) {
    var largest = unsafe source[0]
    for member in 1..<max(size, 1) {
        let value = unsafe source[member &* stride]
        largest = largest.replacing(with: value, where: value .> largest)
    }
    var total = SIMD8<Float>.zero
    for member in 0..<size {
        let power = unsafe lane_exp_8(source[member &* stride] - largest)
        unsafe target[member &* stride] = power
        total += power
    }
    let share = SIMD8<Float>(repeating: 1) / total
    for member in 0..<size { unsafe target[member &* stride] *= share }
}

@inline(__always)
private func softmaxDerivative(
    _ target: UnsafeMutablePointer<SIMD8<Float>>,
    _ shares: UnsafePointer<SIMD8<Float>>,
    _ direction: UnsafePointer<SIMD8<Float>>,
    size: Int,
    stride: Int
) {
    var mean = SIMD8<Float>.zero
    for member in 0..<size {
        unsafe mean.addProduct(shares[member &* stride], direction[member &* stride])
    }
    for member in 0..<size {
        unsafe target[member &* stride] =
            shares[member &* stride] * (direction[member &* stride] - mean)
    }
}

@inline(__always)
private func binIndex(
    of value: SIMD8<Float>,
    _ shares: UnsafePointer<SIMD8<Float>>,
    _ edges: BinEdges,
    stride: Int
) -> SIMD8<Float> {
    let slope = SIMD8<Float>(repeating: edges.slope)
    var index = SIMD8<Float>.zero
    var sum = SIMD8<Float>.zero
    for member in 1..<max(edges.size, 1) {
        unsafe sum += shares[(member &- 1) &* stride]
        let edge = SIMD8<Float>(repeating: edges.start + Float(member) * edges.step)
            .addingProduct(slope, sum)
        let next = SIMD8<Float>(repeating: Float(member))
        index = index.replacing(with: next, where: value .>= edge)
    }
    return index
}

@inline(__always)
private func selectedBin(
    _ bin: SIMD8<Float>,
    _ shares: UnsafePointer<SIMD8<Float>>,
    _ edges: BinEdges,
    stride: Int
) -> (lower: SIMD8<Float>, extent: SIMD8<Float>) {
    let slope = SIMD8<Float>(repeating: edges.slope)
    var lower = SIMD8<Float>(repeating: edges.start)
    var share = unsafe shares[0]
    var last = share
    var sum = SIMD8<Float>.zero
    for member in 1..<max(edges.size, 1) {
        sum += last
        let edge = SIMD8<Float>(repeating: edges.start + Float(member) * edges.step)
            .addingProduct(slope, sum)
        last = unsafe shares[member &* stride]
        let isReached = bin .>= SIMD8<Float>(repeating: Float(member))
        lower = lower.replacing(with: edge, where: isReached)
        share = share.replacing(with: last, where: isReached)
    }
    return (lower, SIMD8<Float>(repeating: edges.step).addingProduct(slope, share))
}
