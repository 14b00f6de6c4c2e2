import Distributions
public import Kernels

/// The membrane potential of a neuron driven by a pulse of current, with normal noise.
///
///     V' = C [g_Na m³ h (E_Na − V) + (g_K n⁴ + g_M p) (E_K − V) + g_leak (E_leak − V) + I(t)]
///     y' = α_y(V) (1 − y) − β_y(V) y,  y in {m, h, n};  p' = (p∞(V) − p) / τ_p(V)
///     x = V(tₖ) + N(0, 0.5²) mV,  tₖ = 60 k / 199 ms,  k = 0 … 199
///
/// θ = (g_Na, g_K, g_M, C, E_leak, E_Na, E_K) in mV and ms; C multiplies, so it acts as the inverse
/// of a capacitance. I = 3.248 between 10 and 50 ms, else 0; V(0) = −70, and the gates start at
/// their steady state.
///
/// Solved by Bogacki–Shampine 3(2) with an absolute tolerance of 10⁻⁷ and a relative one of 10⁻⁶;
/// steps end where the current changes. With the reference's tolerances, 10⁻⁴ and 10⁻³, spikes
/// shift so far that the error is twice the noise.
///
/// *Reference*: Hodgkin, Huxley (1952), doi:10.1113/jphysiol.1952.sp004764; the channels of
/// Pospischil et al. (2008), doi:10.1007/s00422-008-0263-8; as in Glöckler, Deistler, Macke (2023),
/// arXiv:2305.14984.
public struct HodgkinHuxley: SignalSimulator {
    /// How many times the potential is measured.
    static let timeCount = 200
    /// The standard deviation of the noise, mV.
    package static let noise = 0.5
    /// The time of the last measurement, ms.
    static let end = 60.0
    /// When the current is on, ms.
    static let pulse = 10.0...50.0
    /// The current while it is on: 5e-4 over the area of a cylinder of radius 70 μm.
    static let current = 5e-4 / (Double.pi * 70e-4 * 70e-4)
    /// V(0), mV, also reported where the equations have no solution.
    static let rest = -70.0

    /// Makes the simulator.
    public init() {}

    /// D = 7.
    public var thetaDim: Int { 7 }
    /// L = 200.
    public var xDim: Int { Self.timeCount }

    /// V of each theta, `[200]`, in mV; −70 where the equations have no solution.
    public func signals(of theta: [[Double]]) -> [[Double]] {
        potentials(of: theta, absoluteTolerance: 1e-7, relativeTolerance: 1e-6)
    }

    /// V of each theta, solved with some tolerances.
    package func potentials(
        of theta: [[Double]],
        absoluteTolerance: Double,
        relativeTolerance: Double
    ) -> [[Double]] {
        let (segments, drives) = Self.segments
        let solver = LaneSolver(
            pair: .bogackiShampine,
            absoluteTolerance: absoluteTolerance,
            relativeTolerance: relativeTolerance,
            stepLimit: 1_000_000,
            segments: segments
        )
        return solver.solve(Membrane(drives: drives), theta: theta).map { solution in
            solution.map { $0.isFinite ? $0 : Self.rest }
        }
    }

    /// Draws x given V: one normal number an entry.
    public func observe(_ signal: [Double], using stream: inout RandomStream) -> [Double] {
        signal.map { $0 + Self.noise * stream.normal() }
    }

    /// Time, cut at the measurements and where the current changes, and the current of each part.
    private static let segments: (segments: [LaneSolver.Segment], drives: [Double]) = {
        let measured = (1..<timeCount).map { end * Double($0) / Double(timeCount - 1) }
        let edges = [pulse.lowerBound, pulse.upperBound]
        var segments: [LaneSolver.Segment] = []
        var drives: [Double] = []
        var time = 0.0
        for cut in (measured + edges).sorted() {
            segments.append(
                LaneSolver.Segment(duration: cut - time, isReported: !edges.contains(cut))
            )
            drives.append(pulse.contains((time + cut) / 2) ? current : 0)
            time = cut
        }
        return (segments, drives)
    }()
}

/// The equations of the membrane; the variables are V, m, h, n, p.
private struct Membrane: LaneEquation {
    private static let leakConductance = 0.1
    /// V_T, mV.
    private static let threshold = -60.0
    /// The gates' steady state at V(0).
    private static let restingGates: [Double] = {
        let rates = Rates(Lanes(repeating: HodgkinHuxley.rest - threshold))
        let m = rates.openM / (rates.openM + rates.closeM)
        let h = rates.openH / (rates.openH + rates.closeH)
        let n = rates.openN / (rates.openN + rates.closeN)
        return [m[0], h[0], n[0], rates.limitP[0]]
    }()

    private let drives: [Double]
    private var sodium = Lanes.zero
    private var potassium = Lanes.zero
    private var slowPotassium = Lanes.zero
    private var inverseCapacitance = Lanes.zero
    private var leakReversal = Lanes.zero
    private var sodiumReversal = Lanes.zero
    private var potassiumReversal = Lanes.zero
    private var current = Lanes.zero

    init(drives: [Double]) { self.drives = drives }

    var dimension: Int { 5 }
    var reportedCount: Int { 1 }

    mutating func begin(_ theta: [Double], lane: Int) -> [Double] {
        sodium[lane] = theta[0]
        potassium[lane] = theta[1]
        slowPotassium[lane] = theta[2]
        inverseCapacitance[lane] = theta[3]
        leakReversal[lane] = theta[4]
        sodiumReversal[lane] = theta[5]
        potassiumReversal[lane] = theta[6]
        return [HodgkinHuxley.rest] + Self.restingGates
    }

    mutating func enter(segment: Int, lane: Int) -> Bool {
        let changes = current[lane] != drives[segment]
        current[lane] = drives[segment]
        return changes
    }

    func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int) {
        let (v, m, h, n, p) = (y[0], y[1], y[2], y[3], y[4])
        let rates = Rates(v - Self.threshold)
        let squareN = n * n
        let sodiumCurrent = sodium * (m * m * m * h) * (sodiumReversal - v)
        let potassiumCurrent =
            (potassium * (squareN * squareN) + slowPotassium * p) * (potassiumReversal - v)
        let leakCurrent = Self.leakConductance * (leakReversal - v)
        slopes[index] =
            inverseCapacitance * (sodiumCurrent + potassiumCurrent + leakCurrent + current)
        slopes[index + 1] = rates.openM * (1 - m) - rates.closeM * m
        slopes[index + 2] = rates.openH * (1 - h) - rates.closeH * h
        slopes[index + 3] = rates.openN * (1 - n) - rates.closeN * n
        slopes[index + 4] = (rates.limitP - p) * rates.speedP
    }
}

/// How fast the gates of a membrane open and close, at w = V − V_T in mV.
///
///     α_m = 1.28 e(−(w − 13)/4),  β_m = 1.4 e((w − 40)/5),  e(z) = z / (eᶻ − 1)
///     α_h = 0.128 exp(−(w − 17)/18),  β_h = 4 / (1 + exp(−(w − 40)/5))
///     α_n = 0.16 e(−(w − 15)/5),  β_n = 0.5 exp(−(w − 10)/40)
///     p∞ = 1 / (1 + exp(−(w − 25)/10)),
///     1/τ_p = (3.3 exp((w − 25)/20) + exp(−(w − 25)/20)) / 600
///
/// All exponents are whole multiples of w/360, so one exponential gives the others by products.
private struct Rates {
    let openM: Lanes
    let closeM: Lanes
    let openH: Lanes
    let closeH: Lanes
    let openN: Lanes
    let closeN: Lanes
    let limitP: Lanes
    let speedP: Lanes

    /// Potentials beyond −240 and 210 mV, which no solution has, count as these.
    init(_ potential: Lanes) {
        let above = potential.replacing(with: -180, where: potential .< -180)
        let w = above.replacing(with: 270, where: above .> 270)
        // exp(w/360) and its powers.
        let e = Self.exponential(w * (1.0 / 360))
        let e2 = e * e
        let e4 = e2 * e2
        let e9 = e4 * e4 * e
        let e18 = e9 * e9
        let e36 = e18 * e18
        let e72 = e36 * e36
        let inverse9 = 1 / e9
        let inverse18 = inverse9 * inverse9
        // exp(−w/18) = exp(−20 w/360).
        let inverse20 = inverse18 / e2

        openM = 1.28 * Self.ratio((w - 13) * -0.25, exponentialOfMinus: e72 * e18 * Self.m)
        let r = e72 * Self.h
        closeM = 1.4 * Self.ratio((w - 40) * 0.2, exponential: r)
        openH = inverse20 * Self.openH
        closeH = 4 * r / (1 + r)
        openN = 0.16 * Self.ratio((w - 15) * -0.2, exponentialOfMinus: e72 * Self.n)
        closeN = inverse9 * Self.closeN
        let a = e18 * Self.p
        limitP = a * a / (1 + a * a)
        speedP = (3.3 * a + inverse18 * Self.inverseP) * (1.0 / 600)
    }

    // exp(−13/4), exp(−40/5), exp(−15/5), exp(−25/20) and its inverse.
    private static let m = 0.038_774_207_831_722_01
    private static let h = 3.354_626_279_025_118_5e-4
    private static let n = 0.049_787_068_367_863_944
    private static let p = 0.286_504_796_860_190_05
    private static let inverseP = 3.490_342_957_461_841
    // 0.128 exp(17/18) and 0.5 exp(10/40).
    private static let openH = 0.329_137_207_652_867_8
    private static let closeN = 0.642_012_708_343_870_7

    /// e(z), given exp z.
    private static func ratio(_ z: Lanes, exponential: Lanes) -> Lanes {
        corrected(z / (exponential - 1), at: z)
    }

    /// e(z), given exp(−z).
    private static func ratio(_ z: Lanes, exponentialOfMinus q: Lanes) -> Lanes {
        corrected(z * q / (1 - q), at: z)
    }

    /// The series 1 − z/2 + z²/12 near 0, where e(z) loses its digits; its error is z⁴/720.
    private static func corrected(_ value: Lanes, at z: Lanes) -> Lanes {
        let square = z * z
        let series = 1 - 0.5 * z + square * (1.0 / 12)
        return value.replacing(with: series, where: square .< 1e-6)
    }

    /// eˣ for −½ ≤ x ≤ ¾ by its series up to x¹⁴; relative error below 10⁻¹³.
    private static func exponential(_ x: Lanes) -> Lanes {
        var sum = Lanes(repeating: 1)
        for order in stride(from: 14, to: 0, by: -1) {
            sum = 1 + sum * x * (1 / Double(order))
        }
        return sum
    }
}

extension BenchmarkTask {
    /// `hodgkin_huxley`: a neuron's channels from its membrane potential.
    public static let hodgkinHuxley = BenchmarkTask(
        name: "hodgkin_huxley",
        summary: "7 properties of a neuron's membrane, from its potential at 200 times",
        prior: .boxUniform(
            lower: [1, 1e-4, 1e-4, 0.9, -80, 10, -120],
            upper: [100, 5, 0.5, 1.2, -50, 80, -90]
        ),
        simulator: HodgkinHuxley(),
        thetaNames: ["g_Na", "g_K", "g_M", "C", "E_leak", "E_Na", "E_K"],
        thetaUnits: ["mS/cm^2", "mS/cm^2", "mS/cm^2", "cm^2/uF", "mV", "mV", "mV"],
        xNames: (0..<HodgkinHuxley.timeCount).map { "V_\($0)" },
        xUnits: Array(repeating: "mV", count: HodgkinHuxley.timeCount),
        embeddingWidths: BenchmarkTask.publishedEmbedding
    )
}
