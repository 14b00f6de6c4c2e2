public import Kernels

/// A stochastic model of x given theta, p(x | theta).
public protocol Simulator: Sendable {
    /// D, the number of parameters.
    var thetaDim: Int { get }
    /// L, the number of entries of x.
    var xDim: Int { get }

    /// Draws x, `[L]`, given theta, `[D]`; a function of theta and the stream alone.
    func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double]

    /// Draws x of each theta with its own stream: the same as one by one, if faster.
    func simulate(_ theta: [[Double]], using streams: inout [RandomStream]) -> [[Double]]
}

extension Simulator {
    /// Draws x of each theta, one by one.
    public func simulate(
        _ theta: [[Double]],
        using streams: inout [RandomStream]
    ) -> [[Double]] {
        theta.indices.map { simulate(theta[$0], using: &streams[$0]) }
    }
}
