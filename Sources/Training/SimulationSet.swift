public import Distributions
public import Simulators

/// The pairs an estimator is trained on: theta inside the prior's support, and usable x.
///
/// The rows are in memory, or stay in the files they come from and are read as they are needed;
/// training on them is the same to the bit.
public struct SimulationSet: Sendable {
    /// The distribution theta was drawn from.
    public let prior: DistributionDescription
    /// D, the number of parameters.
    public let thetaDim: Int
    /// L, the number of entries of x.
    public let xDim: Int
    /// N, the number of usable rows.
    public let count: Int
    /// Rows left out: x had a NaN or an infinity, or theta lay outside the prior.
    public let refusedCount: Int
    /// How many of the last rows were given to judge and not to train; nil if none were.
    public let heldOutCount: Int?
    /// A number that changes with any bit of any row: FNV-1a over the float32 patterns.
    public let digest: UInt64
    /// s, the unit of perturbations of x: the mean over the rows of the standard deviation across
    /// the entries of one x, with L − 1 in the denominator.
    ///
    /// With a single entry, L = 1, it is the standard deviation of that entry over the rows. NaN
    /// entries, which stand for what is missing, are left out.
    ///
    /// *Reference*: Glöckler, Deistler, Macke (2023), arXiv:2305.14984.
    public let dataScale: Double
    /// The rows.
    private let storage: Storage

    /// Where rows are.
    enum Storage: Sendable {
        /// theta, `[N, D]`, and x, `[N, L]`.
        case memory(theta: [Float], x: [Float])
        /// In files.
        case files(FileRows)
    }

    /// Rows of a set: theta and x, `[…, D]` and `[…, L]`, and which of their rows are meant.
    package struct Batch {
        /// The parameters, `[…, D]`.
        package var theta: [Float]
        /// The simulator's outputs, `[…, L]`.
        package var x: [Float]
        /// The rows that are meant, in their order.
        package var rows: ArraySlice<Int>

        /// Points at rows of tables.
        package init(theta: [Float], x: [Float], rows: ArraySlice<Int>) {
            self.theta = theta
            self.x = x
            self.rows = rows
        }
    }

    /// Keeps the usable rows of a table of simulations, in order.
    ///
    /// A theta on a bound of the prior's box is moved to the next number inside.
    ///
    /// - Parameters:
    ///   - simulations: The table.
    ///   - prior: The distribution theta was drawn from.
    ///   - acceptsMissing: Whether the NaN in one x, `[L]`, stand for what is missing and are kept.
    /// - Throws: `TrainingError` when the prior does not fit or fewer than two rows are usable.
    public init(
        _ simulations: Simulations,
        prior: DistributionDescription,
        acceptsMissing: ((_ x: ArraySlice<Float>) -> Bool)? = nil
    ) throws(TrainingError) {
        let support = try PriorSupport(prior, thetaDim: simulations.thetaDim)
        let thetaDim = simulations.thetaDim
        let xDim = simulations.xDim
        var theta: [Float] = []
        var x: [Float] = []
        theta.reserveCapacity(simulations.theta.count)
        x.reserveCapacity(simulations.x.count)
        var refused = 0
        for row in 0..<simulations.count {
            let draw = simulations.theta[row * thetaDim..<(row + 1) * thetaDim]
            let output = simulations.x[row * xDim..<(row + 1) * xDim]
            let isUsable = output.allSatisfy { $0.isFinite } || (acceptsMissing?(output) ?? false)
            guard isUsable, support.contains(draw) else {
                refused += 1
                continue
            }
            theta += draw
            x += output
        }
        support.roundInside(&theta)
        try self.init(
            .memory(theta: theta, x: x),
            prior: prior,
            thetaDim: thetaDim,
            xDim: xDim,
            count: theta.count / thetaDim,
            refusedCount: refused,
            heldOutCount: nil
        )
    }

    /// Measures rows that are known to be usable.
    init(
        _ storage: Storage,
        prior: DistributionDescription,
        thetaDim: Int,
        xDim: Int,
        count: Int,
        refusedCount: Int,
        heldOutCount: Int?,
        workers: Int = 1
    ) throws(TrainingError) {
        guard count >= 2 else { throw .tooFewRows(usable: count, refused: refusedCount) }
        self.prior = prior
        self.thetaDim = thetaDim
        self.xDim = xDim
        self.count = count
        self.refusedCount = refusedCount
        self.heldOutCount = heldOutCount
        self.storage = storage
        switch storage {
        case .memory(let theta, let x):
            var digest = FowlerNollVo()
            var scale = DataScale(xDim: xDim)
            digest.combine(theta)
            digest.combine(x)
            let terms = DataScale.terms(of: x, xDim: xDim)
            scale.add(terms)
            scale.takeMean()
            scale.add(terms)
            self.digest = digest.value
            dataScale = scale.value
        case .files(let rows):
            (digest, dataScale) = try rows.measure(workers: workers)
        }
    }

    /// The parameters, `[N, D]`, row-major, in the user's units, of rows in memory.
    public var theta: [Float] { resident.theta }
    /// The simulator's outputs, `[N, L]`, row-major, in the user's units, of rows in memory.
    public var x: [Float] { resident.x }

    /// Whether the rows are in memory rather than in files.
    public var isResident: Bool {
        if case .memory = storage { true } else { false }
    }

    private var resident: (theta: [Float], x: [Float]) {
        guard case .memory(let theta, let x) = storage else {
            preconditionFailure("the rows are in files, asked for as a whole")
        }
        return (theta, x)
    }

    /// Which rows train and which judge: those given to judge, or a random part.
    ///
    /// - Parameters:
    ///   - validationFraction: The part to hold out where none were given.
    ///   - seed: The run's seed.
    /// - Returns: The split that training with this fraction and seed uses.
    public func split(validationFraction: Double, seed: UInt64) -> DataSplit {
        if let heldOutCount { return DataSplit(count: count, holdingOutLast: heldOutCount) }
        return DataSplit(count: count, validationFraction: validationFraction, seed: seed)
    }

    /// x of one row, `[L]`.
    ///
    /// - Throws: `TrainingError` when a file cannot be read any more.
    public func x(ofRow row: Int) throws(TrainingError) -> [Float] {
        let batch = try batch([row])
        let own = batch.rows[batch.rows.startIndex]
        return Array(batch.x[own * xDim..<(own + 1) * xDim])
    }

    /// The first rows, up to so many.
    ///
    /// - Throws: `TrainingError` when a file cannot be read any more.
    public func first(_ count: Int) throws(TrainingError) -> Simulations {
        let batch = try batch(Array(0..<min(count, self.count))[...])
        func rows(_ table: [Float], _ width: Int) -> [Float] {
            batch.rows.flatMap { table[$0 * width..<($0 + 1) * width] }
        }
        return Simulations(
            theta: rows(batch.theta, thetaDim),
            x: rows(batch.x, xDim),
            thetaDim: thetaDim,
            xDim: xDim
        )
    }

    /// x of some rows in their order, `[rows, L]`.
    ///
    /// - Throws: `TrainingError` when a file cannot be read any more.
    package func x(ofRows rows: [Int]) throws(TrainingError) -> [Float] {
        var x: [Float] = []
        x.reserveCapacity(rows.count * xDim)
        try forEachBatch(of: rows) { batch in
            for row in batch.rows { x += batch.x[row * xDim..<(row + 1) * xDim] }
        }
        return x
    }

    /// Bytes of one row in single precision.
    var rowBytes: Int { (thetaDim + xDim) * MemoryLayout<Float>.size }

    /// The rows asked for, in their order.
    func batch(_ rows: ArraySlice<Int>) throws(TrainingError) -> Batch {
        switch storage {
        case .memory(let theta, let x): return Batch(theta: theta, x: x, rows: rows)
        case .files(let files):
            let (theta, x) = try files.read(rows)
            return Batch(theta: theta, x: x, rows: Array(0..<rows.count)[...])
        }
    }

    /// Hands over rows in their order, in batches that fit into memory.
    func forEachBatch(
        of rows: some RandomAccessCollection<Int>,
        _ body: (Batch) -> Void
    ) throws(TrainingError) {
        // Rows in memory need no copy, but a list of their numbers.
        let size = isResident ? 1 << 20 : max(FileRows.chunkBytes / rowBytes, 1)
        var start = rows.startIndex
        while start < rows.endIndex {
            let end = rows.index(start, offsetBy: size, limitedBy: rows.endIndex)
            let part = rows[start..<(end ?? rows.endIndex)]
            body(try batch(Array(part)[...]))
            start = part.endIndex
        }
    }
}

/// Sums that give the data scale, taken in one pass, or in two when there is one entry.
struct DataScale {
    private let xDim: Int
    private var count = 0.0
    private var sum = 0.0
    private var mean: Double?
    private var squares = 0.0

    /// Starts sums over rows of this width.
    init(xDim: Int) { self.xDim = xDim }

    /// Whether the rows must come twice, with `takeMean()` in between.
    var needsTwoPasses: Bool { xDim == 1 }

    /// What rows, `[rows, L]`, add to the sums: the deviation across each row, or, where rows
    /// have one entry, the entries; NaN are left out.
    static func terms(of x: [Float], xDim: Int) -> [Double] {
        if xDim == 1 { return x.lazy.filter { !$0.isNaN }.map { Double($0) } }
        var terms: [Double] = []
        terms.reserveCapacity(x.count / xDim)
        for start in stride(from: 0, to: x.count, by: xDim) {
            let row = x[start..<start + xDim].filter { !$0.isNaN }
            if row.count > 1 { terms.append(standardDeviation(row)) }
        }
        return terms
    }

    /// Takes in the terms of rows.
    mutating func add(_ terms: [Double]) {
        if let mean {
            guard needsTwoPasses else { return }
            for term in terms { squares += (term - mean) * (term - mean) }
        } else {
            for term in terms {
                count += 1
                sum += term
            }
        }
    }

    /// Ends the first pass.
    mutating func takeMean() { mean = sum / count }

    /// The data scale; 1 where there is none to measure.
    var value: Double {
        let scale = xDim > 1 ? sum / count : (squares / (count - 1)).squareRoot()
        return scale.isFinite ? scale : 1
    }

    /// The standard deviation with n − 1 in the denominator.
    private static func standardDeviation(_ values: [Float]) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let squares = values.reduce(0.0) { sum, value in
            sum + (Double(value) - mean) * (Double(value) - mean)
        }
        return (squares / (count - 1)).squareRoot()
    }
}
