import Distributions
public import Kernels

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An epidemic on a grid of 30 × 30 cells, seen through noise that is nearly black and white.
///
///     I ~ Bernoulli(4/900),  then 10 times from the old I and R, for every cell at once:
///     infected anew: neither I nor R, and β W/8 > U,  W infected neighbours, U ~ U(0, 1)
///     recovered anew: I, and γ > U',  U' ~ U(0, 1)
///     I ← (I or infected anew) and not R,  R ← R or recovered anew
///     x ~ Beta(I + 0.05, 1 − I + 0.05),  θ = (β, γ)
///
/// A recovered cell stays infectious for one more step. All thresholds are drawn for each
/// simulation; the published data sets share those of the ten steps among all simulations.
///
/// *Reference*: Glöckler, Deistler, Macke (2023), Adversarial robustness of amortized Bayesian
/// inference, arXiv:2305.14984.
public struct SpatialSIR: Simulator {
    /// Rows and columns of the grid.
    package static let side = 30
    /// Steps of the epidemic.
    package static let stepCount = 10
    /// The probability that a cell is infected at first.
    static let seedProbability = 4.0 / 900
    /// How far the noise is from black and white.
    package static let softness = 0.05

    /// Makes the simulator.
    public init() {}

    /// D = 2: the rates β and γ of infection and recovery, a step.
    public var thetaDim: Int { 2 }
    /// L = 900, row by row.
    public var xDim: Int { Self.side * Self.side }

    /// Draws x given theta.
    public func simulate(_ theta: [Double], using stream: inout RandomStream) -> [Double] {
        var epidemic = Epidemic { _, _ in stream.uniform() < Self.seedProbability }
        for _ in 0..<Self.stepCount {
            epidemic.step(infection: theta[0], recovery: theta[1]) { _, _, _ in stream.uniform() }
        }
        var x: [Double] = []
        x.reserveCapacity(xDim)
        for row in 0..<Self.side {
            for column in 0..<Self.side {
                let infected = epidemic.isInfected(row, column) ? 1.0 : 0
                let logit = Beta.logitDraw(
                    alpha: infected + Self.softness,
                    beta: 1 - infected + Self.softness,
                    using: &stream
                )
                x.append(logistic(logit))
            }
        }
        return x
    }

    /// The state of a grid: a bit a cell, a word a row.
    package struct Epidemic {
        /// What a threshold is for.
        package enum Event: Sendable {
            case infection
            case recovery
        }

        /// The infected cells; column c is bit c + 1, and a row of zeros stands at either end.
        private var infected: [UInt32]
        /// The recovered cells.
        private var recovered: [UInt32]

        /// Infects the cells that `isSeed` chooses, given row and column, row by row.
        package init(isSeed: (Int, Int) -> Bool) {
            infected = Array(repeating: 0, count: side + 2)
            recovered = infected
            for row in 0..<side {
                for column in 0..<side where isSeed(row, column) {
                    infected[row + 1] |= 2 << UInt32(column)
                }
            }
        }

        /// Whether a cell is infected.
        package func isInfected(_ row: Int, _ column: Int) -> Bool {
            infected[row + 1] & 2 << UInt32(column) != 0
        }

        /// One step of all cells at once.
        ///
        /// - Parameters:
        ///   - infection: β.
        ///   - recovery: γ.
        ///   - threshold: U and U' of an event, given row and column; asked for only where it
        ///     decides something, row by row, infections first.
        package mutating func step(
            infection: Double,
            recovery: Double,
            threshold: (Event, Int, Int) -> Double
        ) {
            let cells: UInt32 = ((1 << UInt32(side)) - 1) << 1
            let (oldInfected, oldRecovered) = (infected, recovered)
            for row in 1...side {
                let around = [oldInfected[row - 1], oldInfected[row], oldInfected[row + 1]]
                let any = around[0] | around[1] | around[2]
                let reach = any | any << 1 | any >> 1
                var exposed = reach & ~oldInfected[row] & ~oldRecovered[row] & cells
                while exposed != 0 {
                    let bit = exposed.trailingZeroBitCount
                    exposed &= exposed - 1
                    let neighbours = around.reduce(0) {
                        $0 + ($1 >> UInt32(bit - 1) & 7).nonzeroBitCount
                    }
                    let pressure = infection * Double(neighbours) / 8
                    if pressure > threshold(.infection, row - 1, bit - 1) {
                        infected[row] |= 1 << UInt32(bit)
                    }
                }
                var ill = oldInfected[row] & ~oldRecovered[row]
                while ill != 0 {
                    let bit = ill.trailingZeroBitCount
                    ill &= ill - 1
                    if recovery > threshold(.recovery, row - 1, bit - 1) {
                        recovered[row] |= 1 << UInt32(bit)
                    }
                }
                infected[row] &= ~oldRecovered[row]
            }
        }
    }
}

extension BenchmarkTask {
    /// `spatial_sir`: the rates of an epidemic from its map.
    public static let spatialSIR = BenchmarkTask(
        name: "spatial_sir",
        summary: "2 rates of an epidemic, from a map of 30 x 30 cells",
        prior: .logNormal(logMean: [0, 0], logStandardDeviation: [0.5, 0.5]),
        simulator: SpatialSIR(),
        thetaNames: ["beta", "gamma"],
        xShape: [SpatialSIR.side, SpatialSIR.side],
        embeddingWidths: BenchmarkTask.publishedEmbedding
    )
}
