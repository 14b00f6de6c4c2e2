public import Kernels

/// A simulator whose x is a function of theta, the signal, seen through noise.
///
/// Signals of many theta are computed side by side in lanes.
public protocol SignalSimulator: Simulator {
    /// The signal of each theta, `[L]`; a function of that theta alone.
    func signals(of theta: [[Double]]) -> [[Double]]

    /// Draws x, `[L]`, given its signal.
    func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double]
}

extension SignalSimulator {
    /// Draws x given theta: the signal, then the noise.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        observe(signals(of: [theta])[0], using: &stream)
    }

    /// Draws x of several theta.
    public func simulate(
        _ theta: [[Double]],
        using streams: inout [RandomStream]
    ) -> [[Double]] {
        var x = signals(of: theta)
        for row in x.indices { x[row] = observe(x[row], using: &streams[row]) }
        return x
    }
}
