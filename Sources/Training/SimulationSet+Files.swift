public import Distributions
public import SimulationFiles

/// What rows of files may hold.
public struct RowPolicy: Sendable {
    /// Whether rows with NaN or infinities are left out rather than refused.
    public var dropsInvalidRows = false
    /// Whether an entry of x may be the same in all rows.
    public var allowsConstantX = false
    /// Whether the NaN in one x, `[L]`, stand for what is missing and are kept; nil for never.
    public var acceptsMissing: (@Sendable (_ x: ArraySlice<Float>) -> Bool)?

    /// Allows nothing out of the ordinary.
    public init() {}
}

extension SimulationSet {
    /// Takes rows from files; those of a set that is too large for memory stay there.
    ///
    /// - Parameters:
    ///   - table: The files.
    ///   - heldOut: How many of the last rows only judge; 0 to choose them at random later.
    ///   - prior: The distribution theta was drawn from.
    ///   - policy: What the rows may hold.
    ///   - thetaNames: Names of the parameters, for error messages.
    ///   - xNames: Names of the entries of x, for error messages.
    ///   - residentLimitBytes: Up to which size rows are kept in memory.
    ///   - workers: How many threads may take part.
    /// - Throws: `TrainingError` when the prior does not fit, a file cannot be read, or the rows
    ///   are not fit to train on.
    public init(
        _ table: SimulationTable,
        heldOut: Int = 0,
        prior: DistributionDescription,
        policy: RowPolicy = RowPolicy(),
        thetaNames: [String]? = nil,
        xNames: [String]? = nil,
        residentLimitBytes: Int = 1 << 28,
        workers: Int = 1
    ) throws(TrainingError) {
        let support = try PriorSupport(prior, thetaDim: table.thetaDim)
        var check = RowCheck(
            table,
            support: support,
            policy: policy,
            thetaNames: thetaNames,
            xNames: xNames
        )
        try check.run(workers: workers)
        let rows = FileRows(
            table: table,
            usable: RowSelection(total: table.count, excluding: check.invalid),
            support: support
        )
        let (rowBytes, overflows) = (table.thetaDim + table.xDim)
            .multipliedReportingOverflow(by: MemoryLayout<Float>.size)
        let isSmall = !overflows && rows.usable.count <= residentLimitBytes / rowBytes
        let storage: Storage
        if isSmall {
            storage = try rows.inMemory(workers: workers)
        } else {
            storage = .files(rows)
        }
        let firstHeldOut = table.count - heldOut
        let judging = heldOut - check.invalid.count { $0 >= firstHeldOut }
        guard heldOut == 0 || (judging > 0 && judging < rows.usable.count) else {
            throw .data(
                .tooFewRows(
                    usable: min(judging, rows.usable.count - judging),
                    dropped: check.invalid.count,
                    needed: 1
                )
            )
        }
        try self.init(
            storage,
            prior: prior,
            thetaDim: table.thetaDim,
            xDim: table.xDim,
            count: rows.usable.count,
            refusedCount: check.invalid.count,
            heldOutCount: heldOut > 0 ? judging : nil,
            workers: workers
        )
    }
}
