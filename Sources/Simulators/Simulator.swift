public import Kernels

/// A stochastic model of x given theta, p(x | theta).
public protocol Simulator: Sendable {
    /// D, the number of parameters.
    var thetaDim: Int { get }
    /// L, the number of entries of x.
    var xDim: Int { get }

    /// Draws x, `[L]`, given theta, `[D]`; a function of theta and the stream alone.
    func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double]
}
