import SimulationFiles

/// The usable rows of files, read as they are needed.
struct FileRows: Sendable {
    /// The files.
    let table: SimulationTable
    /// The usable rows of the table.
    let usable: RowSelection
    /// Where theta is moved to, if it lies on a bound.
    let support: PriorSupport

    /// Bytes read at once where all rows are passed through.
    static let chunkBytes = 1 << 22

    /// theta and x of usable rows in any order, `[rows, D]` and `[rows, L]`.
    func read(
        _ rows: some RandomAccessCollection<Int>
    ) throws(TrainingError) -> (theta: [Float], x: [Float]) {
        let places = rows.map { usable[$0] }
        return (try theta(places), try x(places))
    }

    /// All usable rows.
    func inMemory(workers: Int) throws(TrainingError) -> SimulationSet.Storage {
        var allTheta: [Float] = []
        var allX: [Float] = []
        allTheta.reserveCapacity(usable.count * table.thetaDim)
        allX.reserveCapacity(usable.count * table.xDim)
        try forEachChunk(width: table.thetaDim + table.xDim, workers: workers) {
            (rows) throws(TrainingError) in
            (try theta(rows), try x(rows))
        } fold: { part in
            allTheta += part.0
            allX += part.1
        }
        return .memory(theta: allTheta, x: allX)
    }

    /// The digest and the data scale of all usable rows.
    func measure(workers: Int) throws(TrainingError) -> (digest: UInt64, dataScale: Double) {
        var digest = FowlerNollVo()
        var scale = DataScale(xDim: table.xDim)
        try forEachChunk(width: table.thetaDim, workers: workers) { rows throws(TrainingError) in
            try theta(rows)
        } fold: { theta in
            digest.combine(theta)
        }
        let xDim = table.xDim
        try forEachChunk(width: xDim, workers: workers) { rows throws(TrainingError) in
            let x = try x(rows)
            return (x: x, terms: DataScale.terms(of: x, xDim: xDim))
        } fold: { part in
            digest.combine(part.x)
            scale.add(part.terms)
        }
        scale.takeMean()
        if scale.needsTwoPasses {
            try forEachChunk(width: xDim, workers: workers) { rows throws(TrainingError) in
                DataScale.terms(of: try x(rows), xDim: xDim)
            } fold: { terms in
                scale.add(terms)
            }
        }
        return (digest.value, scale.value)
    }

    private func theta(_ places: [Int]) throws(TrainingError) -> [Float] {
        do {
            var theta = try table.theta(of: places)
            support.roundInside(&theta)
            return theta
        } catch {
            throw .simulationFile(error)
        }
    }

    private func x(_ places: [Int]) throws(TrainingError) -> [Float] {
        do {
            return try table.x(of: places)
        } catch {
            throw .simulationFile(error)
        }
    }

    /// Works on the places of all usable rows, a few megabytes of so many numbers at a time, and
    /// folds what comes of them in their order.
    private func forEachChunk<Part: Sendable>(
        width: Int,
        workers: Int,
        _ map: @escaping @Sendable ([Int]) throws(TrainingError) -> Part,
        fold: (Part) -> Void
    ) throws(TrainingError) {
        let usable = usable
        try OrderedChunks.run(
            count: usable.count,
            size: max(Self.chunkBytes / (width * MemoryLayout<Float>.size), 1),
            workers: workers,
            map: { rows throws(TrainingError) in try map(Array(usable[rows])) },
            fold: fold
        )
    }
}
