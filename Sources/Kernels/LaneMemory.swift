/// Working memory of one tile: rows of values, one lane a sample, feature-major.
///
/// Row `r` holds one scalar of the program for every lane, in `vectorsPerRow` vectors of eight.
/// Kernels are methods of this type that name rows; it is the one door to raw memory for
/// arithmetic. A row index outside the memory is a programming error and stops the process.
public struct LaneMemory: Sendable {
    /// Lanes of one vector.
    public static let vectorWidth = 8

    /// The values, row after row, aligned for the widest vectors.
    var storage: [SIMD16<Float>]
    /// One matrix input turned lane-major, while its outer product is summed.
    var transposed: [SIMD8<Float>] = []
    /// Vectors of one row for the tile in hand.
    public private(set) var vectorsPerRow: Int
    /// How many lanes the loops take at once; this processor has the instructions.
    public var width = LaneWidth.widest {
        didSet { precondition(width.isAvailable, "vectors of \(width) on this processor") }
    }
    /// Number of rows.
    public let rows: Int
    /// The largest number of vectors a row may have.
    public let maximumVectorsPerRow: Int

    /// Allocates zeroed memory.
    ///
    /// - Parameters:
    ///   - rows: Number of rows.
    ///   - maximumLanes: The largest tile, rounded up to whole vectors.
    public init(rows: Int, maximumLanes: Int) {
        precondition(rows >= 0 && maximumLanes > 0, "\(rows) rows of \(maximumLanes) lanes")
        self.rows = rows
        maximumVectorsPerRow = Self.vectors(forLanes: maximumLanes)
        vectorsPerRow = maximumVectorsPerRow
        storage = Array(repeating: .zero, count: (rows * maximumVectorsPerRow + 1) / 2)
    }

    /// Sets how many lanes the next tile has.
    ///
    /// A row then has one vector, or an even number of them so that the matrix kernel needs no
    /// third shape. Values written before are not kept.
    public mutating func setLanes(_ count: Int) {
        let vectors = Self.vectors(forLanes: count)
        precondition(
            count > 0 && vectors <= maximumVectorsPerRow,
            "a tile of \(count) lanes in memory for \(maximumVectorsPerRow) vectors"
        )
        vectorsPerRow = vectors
    }

    /// Vectors of a row that holds `count` lanes: one, or the next even number.
    public static func vectors(forLanes count: Int) -> Int {
        let vectors = (count + vectorWidth - 1) / vectorWidth
        return vectors <= 1 ? 1 : (vectors + 1) / 2 * 2
    }

    /// Lanes of the tile in hand, the padding included.
    public var lanes: Int { vectorsPerRow * Self.vectorWidth }

    /// Checks that rows `start ..< start + count` exist.
    @inline(__always)
    func check(_ start: Int, _ count: Int) {
        precondition(
            start >= 0 && count >= 0 && start <= rows - count,
            "rows \(start) ..< \(start + count) of \(rows)"
        )
    }
}

extension LaneMemory {
    /// The value of one lane, for tests and small readings.
    public subscript(row: Int, lane: Int) -> Float {
        get {
            check(row, 1)
            precondition(lane >= 0 && lane < lanes, "lane \(lane) of \(lanes)")
            let place = row * lanes + lane
            return storage[place / 16][place % 16]
        }
        set {
            check(row, 1)
            precondition(lane >= 0 && lane < lanes, "lane \(lane) of \(lanes)")
            let place = row * lanes + lane
            storage[place / 16][place % 16] = newValue
        }
    }

    /// Loads `width` values a lane, transposing rows of a table into lanes.
    ///
    /// Lane `l` takes the table's row `tableRow(l)`; lanes from `laneCount` on repeat the last
    /// one, so that what they compute is as finite as what it computes.
    ///
    /// - Parameters:
    ///   - row: The first row to write; `width` rows are written.
    ///   - width: Values of one table row.
    ///   - table: The table, row-major.
    ///   - laneCount: Lanes that carry data.
    ///   - tableRow: From lane to table row.
    public mutating func load(
        into row: Int,
        width: Int,
        from table: [Float],
        laneCount: Int,
        tableRow: (Int) -> Int
    ) {
        check(row, width)
        precondition(laneCount > 0 && laneCount <= lanes, "\(laneCount) of \(lanes) lanes")
        let stride = lanes
        let tableRows = width == 0 ? 0 : table.count / width
        unsafe storage.withUnsafeMutableBufferPointer { memory in
            unsafe table.withUnsafeBufferPointer { table in
                let scalars = unsafe UnsafeMutableRawBufferPointer(memory)
                    .assumingMemoryBound(to: Float.self)
                guard width > 0, let base = scalars.baseAddress else { return }
                let target = unsafe base + row * stride
                var source = 0
                for lane in 0..<stride {
                    if lane < laneCount {
                        source = tableRow(lane)
                        precondition(
                            source >= 0 && source < tableRows,
                            "table row \(source) of \(tableRows)"
                        )
                    }
                    for index in 0..<width {
                        unsafe target[index &* stride &+ lane] = table[source &* width &+ index]
                    }
                }
            }
        }
    }

    /// Stores `width` rows of the first `laneCount` lanes into columns of a row-major table.
    ///
    /// - Parameters:
    ///   - row: The first row to read.
    ///   - width: Number of rows.
    ///   - laneCount: Lanes that carry data, one a table row.
    ///   - target: The table, `[laneCount, stride]`.
    ///   - column: The first column to write.
    ///   - stride: Values of one table row.
    public func store(
        from row: Int,
        width: Int,
        laneCount: Int,
        into target: inout MutableSpan<Float>,
        column: Int,
        stride: Int
    ) {
        check(row, width)
        precondition(laneCount <= lanes, "\(laneCount) of \(lanes) lanes")
        precondition(
            column >= 0 && width <= stride - column && target.count == laneCount * stride,
            "columns \(column) ..< \(column + width) of \(laneCount) rows of \(stride)"
        )
        let lanes = lanes
        unsafe storage.withUnsafeBufferPointer { memory in
            let scalars = unsafe UnsafeRawBufferPointer(memory).assumingMemoryBound(to: Float.self)
            guard width > 0, let base = scalars.baseAddress else { return }
            let source = unsafe base + row * lanes
            unsafe target.withUnsafeMutableBufferPointer { target in
                for lane in 0..<laneCount {
                    for index in 0..<width {
                        unsafe target[lane &* stride &+ column &+ index] =
                            source[index &* lanes &+ lane]
                    }
                }
            }
        }
    }

    /// Fills `count` rows with one in the first `laneCount` lanes and zero in the others.
    public mutating func fillPresence(into row: Int, count: Int, laneCount: Int) {
        check(row, count)
        for index in row..<(row + count) {
            for lane in 0..<lanes { self[index, lane] = lane < laneCount ? 1 : 0 }
        }
    }
}
