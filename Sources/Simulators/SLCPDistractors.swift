import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The eight numbers of `slcp` hidden among 92 that say nothing of theta.
///
/// The distractors are one draw of a fixed mixture of twenty multivariate t distributions with two
/// degrees of freedom; a fixed permutation mixes them with the data.
///
/// *Reference*: Greenberg, Nonnenmacher, Macke (2019), arXiv:1905.07488; mixture and permutation
/// are those of sbibm 1.1.0, generated from the seed it used.
public struct SLCPDistractors: Simulator {
    /// The fixed mixture and permutation.
    package struct Distractors: Sendable {
        /// Number of distractors.
        static let count = 92
        /// The centre of each component, `[20, 92]`.
        package let locations: [[Double]]
        /// The lower triangle of each component's factor, row by row, `[20, 92 · 93 / 2]`.
        package let factors: [[Double]]
        /// Entry i of x is entry `permutation[i]` of data and distractors, `[100]`.
        package let permutation: [Int]

        /// Draws them as sbibm does: numpy's `RandomState(42)`.
        package static let shared: Distractors = {
            var generator = MersenneTwister(seed: 42)
            let locations = (0..<20).map { _ in generator.normals(count).map { 15 * $0 } }
            var factors: [[Double]] = []
            for _ in 0..<20 {
                let square = generator.normals(count * count)
                let diagonal = generator.normals(count)
                var factor: [Double] = []
                for row in 0..<count {
                    for column in 0..<row { factor.append(3 * square[row * count + column]) }
                    factor.append(3 * (square[row * count + row] + exp(diagonal[row])))
                }
                factors.append(factor)
            }
            return Distractors(
                locations: locations,
                factors: factors,
                permutation: generator.permutation(count + SLCP().xDim)
            )
        }()

        /// Draws the distractors: an index, 92 normal numbers and a uniform one.
        func sample(using stream: inout RandomStream) -> [Double] {
            let component = stream.integer(below: locations.count)
            let z = (0..<Self.count).map { _ in stream.normal() }
            // χ²/2 with two degrees of freedom is exponential.
            let scale = 1 / (-log(stream.uniform())).squareRoot()
            let factor = factors[component]
            var place = 0
            return (0..<Self.count).map { row in
                var sum = 0.0
                for column in 0...row { sum += factor[place + column] * z[column] }
                place += row + 1
                return locations[component][row] + scale * sum
            }
        }
    }

    /// Makes the simulator.
    public init() {}

    /// D = 5.
    public var thetaDim: Int { 5 }
    /// L = 100.
    public var xDim: Int { Distractors.count + SLCP().xDim }

    /// Draws x given theta: the data of `slcp`, then the distractors, in the order of x.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        let data = SLCP().simulate(theta, using: &stream)
        let all = data + Distractors.shared.sample(using: &stream)
        return Distractors.shared.permutation.map { all[$0] }
    }
}

extension BenchmarkTask {
    /// `slcp_distractors`: `slcp` with uninformative entries of x.
    public static let slcpDistractors = BenchmarkTask(
        name: "slcp_distractors",
        summary: "slcp with 92 entries of x that say nothing (sbibm)",
        prior: BenchmarkTask.slcp.prior,
        simulator: SLCPDistractors(),
        referenceObservations: ReferenceObservations.slcpDistractors
    )
}
