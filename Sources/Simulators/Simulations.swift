/// Rows drawn from prior and simulator: theta and the x it gave, in single precision.
public struct Simulations: Sendable, Equatable {
    /// The parameters, `[N, D]`, row-major.
    public let theta: [Float]
    /// The simulator's outputs, `[N, L]`, row-major.
    public let x: [Float]
    /// D, the number of parameters.
    public let thetaDim: Int
    /// L, the number of entries of x.
    public let xDim: Int

    /// Makes a value from tables of as many rows each.
    public init(theta: [Float], x: [Float], thetaDim: Int, xDim: Int) {
        precondition(thetaDim > 0 && xDim > 0, "rows of \(thetaDim) and \(xDim) entries")
        precondition(
            theta.count % thetaDim == 0 && x.count == theta.count / thetaDim * xDim,
            "\(theta.count) entries of theta and \(x.count) of x in rows of \(thetaDim), \(xDim)"
        )
        self.theta = theta
        self.x = x
        self.thetaDim = thetaDim
        self.xDim = xDim
    }

    /// N, the number of rows.
    public var count: Int { theta.count / thetaDim }
}
