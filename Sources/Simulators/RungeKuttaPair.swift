/// Eight numbers side by side, one for each of eight simulations.
typealias Lanes = SIMD8<Double>

/// An explicit Runge–Kutta method with a companion of lower order that estimates its error.
///
///     kᵢ = f(y + h Σⱼ aᵢⱼ kⱼ),  y(t + h) ≈ y + h Σⱼ aₛⱼ kⱼ,  error ≈ h Σⱼ eⱼ kⱼ
///
/// The last stage is evaluated at the new y, so it is the first stage of the next step.
struct RungeKuttaPair: Sendable {
    /// aᵢⱼ of the stages after the first, a row a stage.
    let stages: [[Double]]
    /// eⱼ, the weights of the method less those of its companion.
    let errorWeights: [Double]
    /// The step may grow with this power of 1/error: a sum of 2⁻ⁿ close to 1/(q + 1), where q is
    /// the order of the companion.
    private let growthRoots: (Int, Int)

    /// Order 3 with a companion of order 2, for tolerances of a thousandth.
    ///
    /// *Reference*: Bogacki, Shampine (1989), A 3(2) pair of Runge-Kutta formulas,
    /// doi:10.1016/0893-9659(89)90079-7.
    static let bogackiShampine = RungeKuttaPair(
        stages: [
            [1.0 / 2],
            [0, 3.0 / 4],
            [2.0 / 9, 1.0 / 3, 4.0 / 9],
        ],
        errorWeights: [-5.0 / 72, 1.0 / 12, 1.0 / 9, -1.0 / 8],
        // 1/4 + 1/16 for 1/3.
        growthRoots: (2, 4)
    )

    /// Order 5 with a companion of order 4.
    ///
    /// *Reference*: Dormand, Prince (1980), A family of embedded Runge-Kutta formulae,
    /// doi:10.1016/0771-050X(80)90013-3.
    static let dormandPrince = RungeKuttaPair(
        stages: [
            [1.0 / 5],
            [3.0 / 40, 9.0 / 40],
            [44.0 / 45, -56.0 / 15, 32.0 / 9],
            [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
            [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
            [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
        ],
        errorWeights: [
            71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40,
        ],
        // 1/8 + 1/16 for 1/5.
        growthRoots: (3, 4)
    )

    /// By how much the next step may be longer than this one, from 1/5 to 5.
    ///
    /// Powers are taken by square roots, which have an instruction for lanes.
    ///
    /// - Parameter meanSquare: The mean square of the error in units of the tolerance; NaN of a
    ///   step that failed.
    /// - Returns: The factor; 1/5 for NaN.
    func growth(_ meanSquare: Lanes) -> Lanes {
        var root = meanSquare.squareRoot()
        var power = Lanes(repeating: 1)
        for count in 1...growthRoots.1 {
            root = root.squareRoot()
            if count == growthRoots.0 || count == growthRoots.1 { power *= root }
        }
        var factor = 0.9 / power
        factor.replace(with: 5, where: factor .> 5)
        factor.replace(with: 0.2, where: .!(factor .>= 0.2))
        return factor
    }
}
