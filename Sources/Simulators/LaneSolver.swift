/// Differential equations y' = f(y) of eight simulations side by side.
protocol LaneEquation: Sendable {
    /// Number of variables.
    var dimension: Int { get }
    /// How many of the first variables are reported.
    var reportedCount: Int { get }

    /// Puts theta, `[D]`, into a lane and returns y at time 0.
    mutating func begin(_ theta: [Double], lane: Int) -> [Double]

    /// A segment begins in a lane; returns whether f changes with it.
    mutating func enter(segment: Int, lane: Int) -> Bool

    /// Writes f(y) into `slopes`, from an index on.
    func slope(at y: [Lanes], into slopes: inout [Lanes], from index: Int)
}

extension LaneEquation {
    /// f stays as it is.
    mutating func enter(segment: Int, lane: Int) -> Bool { false }
}

/// Solves differential equations for many theta, eight at a time, each with steps of its own.
///
/// A lane that comes to the end of its time takes the next theta, so none waits for another. What
/// a lane computes is a function of its theta alone: neighbours change neither its steps nor a bit
/// of its result. Steps end where segments end, so nothing is interpolated and a change of f at
/// the edge of a segment is met exactly.
///
/// A step of an error
///
///     √ mean ((errorᵢ / (absolute + relative · max(│yᵢ(t)│, │yᵢ(t + h)│)))²)
///
/// above 1 is tried again, shorter.
///
/// *Reference*: Hairer, Nørsett, Wanner (1993), Solving Ordinary Differential Equations I, section
/// II.4.
struct LaneSolver: Sendable {
    /// A stretch of time.
    struct Segment: Sendable {
        /// How long it lasts.
        var duration: Double
        /// Whether y is reported at its end.
        var isReported = true
    }

    /// The method.
    var pair: RungeKuttaPair
    /// The part of the tolerance that is the same for all variables.
    var absoluteTolerance: Double
    /// The part of the tolerance that grows with the variable.
    var relativeTolerance: Double
    /// The first step that is tried.
    var firstStep = 1e-2
    /// Steps, failed ones included, after which a solution is given up.
    var stepLimit = 100_000
    /// Time, cut where y is reported or f changes.
    var segments: [Segment]

    /// Segments between equally spaced times from 0 to the end, each reported.
    static func segments(times count: Int, end: Double) -> [Segment] {
        Array(repeating: Segment(duration: end / Double(count - 1)), count: count - 1)
    }

    /// The solutions at time 0 and at the end of every reported segment, `[times, reported]` for
    /// each theta; NaN from where one could not be followed.
    func solve(_ equation: some LaneEquation, theta: [[Double]]) -> [[Double]] {
        var run = LaneRun(solver: self, equation: equation, theta: theta)
        run.loadLanes()
        while run.isActive { run.step() }
        return run.results
    }
}

/// The state of eight solutions on their way.
private struct LaneRun<Equation: LaneEquation> {
    private let solver: LaneSolver
    private var equation: Equation
    private let theta: [[Double]]
    private(set) var results: [[Double]]
    /// y, `[variable]`.
    private var y: [Lanes]
    /// y at the stage in hand and, at last, after the step.
    private var trial: [Lanes]
    /// The slopes of all stages, `[stage, variable]`.
    private var slopes: [Lanes]
    /// The step to try next.
    private var size: Lanes
    /// Time to the end of the segment; 0 in a lane without work.
    private var remaining = Lanes.zero
    private var stepCount = Lanes.zero
    /// Which lanes have work.
    private var isBusy = SIMDMask<Lanes.MaskStorage>()
    /// The row in each lane.
    private var row = Array(repeating: 0, count: 8)
    /// The segment each lane is in.
    private var segment = Array(repeating: 0, count: 8)
    private var nextRow = 0

    init(solver: LaneSolver, equation: Equation, theta: [[Double]]) {
        self.solver = solver
        self.equation = equation
        self.theta = theta
        let dimension = equation.dimension
        results = Array(repeating: [], count: theta.count)
        y = Array(repeating: .zero, count: dimension)
        trial = y
        slopes = Array(repeating: .zero, count: dimension * solver.pair.errorWeights.count)
        size = Lanes(repeating: solver.firstStep)
    }

    /// Whether a lane has work.
    var isActive: Bool { any(isBusy) }

    /// Gives every lane its first row.
    mutating func loadLanes() {
        var isNew = SIMDMask<Lanes.MaskStorage>()
        for lane in 0..<8 { isNew[lane] = load(lane) }
        restart(isNew)
    }

    /// Tries a step in every lane.
    mutating func step() {
        let h = remaining.replacing(with: size, where: size .< remaining)
        let meanSquare = tryStep(h)
        // NaN counts as a failed step.
        let accepted = meanSquare .<= 1
        let last = slopes.count - y.count
        for index in y.indices {
            y[index].replace(with: trial[index], where: accepted)
            slopes[index].replace(with: slopes[last + index], where: accepted)
        }
        let proposed = h * solver.pair.growth(meanSquare)
        // A step cut short by the end of a segment says little of how long one may be.
        size = proposed.replacing(
            with: size,
            where: accepted .& (h .< size) .& (proposed .< size)
        )
        let reached = accepted .& (h .>= remaining) .& isBusy
        remaining.replace(with: remaining - h, where: accepted)
        stepCount += 1
        let failed =
            ((stepCount .>= Double(solver.stepLimit)) .| (size .< 1e-12)) .& isBusy
        if any(reached .| failed) { finishSegments(reached, failed) }
    }

    /// Fills `trial` and the slopes of all stages; returns the mean square of the error.
    private mutating func tryStep(_ h: Lanes) -> Lanes {
        let count = y.count
        for (stage, weights) in solver.pair.stages.enumerated() {
            for index in 0..<count {
                var sum = slopes[index] * weights[0]
                for earlier in 1..<weights.count {
                    sum += slopes[earlier * count + index] * weights[earlier]
                }
                trial[index] = y[index] + h * sum
            }
            equation.slope(at: trial, into: &slopes, from: (stage + 1) * count)
        }
        var squares = Lanes.zero
        for index in 0..<count {
            var error = Lanes.zero
            for (stage, weight) in solver.pair.errorWeights.enumerated() {
                error += slopes[stage * count + index] * weight
            }
            let (before, after) = (magnitude(y[index]), magnitude(trial[index]))
            let larger = before.replacing(with: after, where: .!(after .<= before))
            let part = h * error / (solver.absoluteTolerance + solver.relativeTolerance * larger)
            squares += part * part
        }
        return squares * (1 / Double(count))
    }

    /// Reports where a segment has ended, and goes on to the next segment or row.
    private mutating func finishSegments(
        _ reached: SIMDMask<Lanes.MaskStorage>,
        _ failed: SIMDMask<Lanes.MaskStorage>
    ) {
        var isNew = SIMDMask<Lanes.MaskStorage>()
        for lane in 0..<8 where reached[lane] || failed[lane] {
            if reached[lane] {
                if solver.segments[segment[lane]].isReported {
                    for index in 0..<equation.reportedCount {
                        results[row[lane]].append(y[index][lane])
                    }
                }
                segment[lane] += 1
                if segment[lane] < solver.segments.count {
                    remaining[lane] = solver.segments[segment[lane]].duration
                    isNew[lane] = equation.enter(segment: segment[lane], lane: lane)
                    continue
                }
            } else {
                let missing = solver.segments[segment[lane]...].count { $0.isReported }
                results[row[lane]] += Array(
                    repeating: .nan,
                    count: missing * equation.reportedCount
                )
            }
            isNew[lane] = load(lane)
        }
        if any(isNew) { restart(isNew) }
    }

    /// Puts the next row into a lane; returns whether there was one.
    private mutating func load(_ lane: Int) -> Bool {
        guard nextRow < theta.count else {
            isBusy[lane] = false
            remaining[lane] = 0
            return false
        }
        isBusy[lane] = true
        row[lane] = nextRow
        nextRow += 1
        let start = equation.begin(theta[row[lane]], lane: lane)
        for index in start.indices { y[index][lane] = start[index] }
        results[row[lane]].reserveCapacity((solver.segments.count + 1) * equation.reportedCount)
        results[row[lane]] += start.prefix(equation.reportedCount)
        segment[lane] = 0
        size[lane] = solver.firstStep
        stepCount[lane] = 0
        remaining[lane] = solver.segments[0].duration
        _ = equation.enter(segment: 0, lane: lane)
        return true
    }

    /// Evaluates the first slope anew where y or f has changed.
    private mutating func restart(_ lanes: SIMDMask<Lanes.MaskStorage>) {
        // The second stage's place is free between steps.
        equation.slope(at: y, into: &slopes, from: y.count)
        for index in y.indices {
            slopes[index].replace(with: slopes[y.count + index], where: lanes)
        }
    }
}

/// │x│.
private func magnitude(_ x: Lanes) -> Lanes { x.replacing(with: -x, where: x .< 0) }
