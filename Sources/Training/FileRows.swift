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
    func inMemory() throws(TrainingError) -> SimulationSet.Storage {
        var allTheta: [Float] = []
        var allX: [Float] = []
        allTheta.reserveCapacity(usable.count * table.thetaDim)
        allX.reserveCapacity(usable.count * table.xDim)
        try forEachChunk(width: table.thetaDim + table.xDim) { rows throws(TrainingError) in
            allTheta += try theta(rows)
            allX += try x(rows)
        }
        return .memory(theta: allTheta, x: allX)
    }

    /// The digest and the data scale of all usable rows.
    func measure() throws(TrainingError) -> (digest: UInt64, dataScale: Double) {
        var digest = FowlerNollVo()
        var scale = DataScale(xDim: table.xDim)
        try forEachChunk(width: table.thetaDim) { rows throws(TrainingError) in
            digest.combine(try theta(rows))
        }
        try forEachChunk(width: table.xDim) { rows throws(TrainingError) in
            let x = try x(rows)
            digest.combine(x)
            scale.add(x)
        }
        scale.takeMean()
        if scale.needsTwoPasses {
            try forEachChunk(width: table.xDim) { rows throws(TrainingError) in
                scale.add(try x(rows))
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

    /// Passes the places of all usable rows on, a few megabytes of so many numbers at a time.
    private func forEachChunk(
        width: Int,
        _ body: ([Int]) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let size = max(Self.chunkBytes / (width * MemoryLayout<Float>.size), 1)
        for start in stride(from: 0, to: usable.count, by: size) {
            try body(Array(usable[start..<min(start + size, usable.count)]))
        }
    }
}
