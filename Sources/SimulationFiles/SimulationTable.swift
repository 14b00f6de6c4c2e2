/// Rows of theta and x in files, read where they are.
///
/// A file is an `.npz` archive with the arrays `theta` and `x`, a pair of `.npy` files, theta
/// first, or a `.csv` table; several of them are shards of one table. theta is `[N, D]` or `[N]`,
/// x `[N, …]` of any shape. Numbers of any type are rounded to single precision.
///
/// Arrays in C order are read from the files themselves. What is deflated, in Fortran order or text
/// is first written out as plain numbers, to a temporary file that has no name and so never
/// outlives the process.
public struct SimulationTable: Sendable {
    /// D, the number of parameters.
    public let thetaDim: Int
    /// The extent of each axis of one x.
    public let xShape: [Int]
    /// The names of the columns of theta, if the files have some.
    public let thetaNames: [String]?
    /// The names of the columns of x, if the files have some.
    public let xNames: [String]?
    private var shards: [Shard] = []
    /// The first row of every shard, then the number of all rows.
    private var starts = [0]

    /// A file, or a pair of files.
    private struct Shard {
        var path: String
        var theta: StoredArray
        var x: StoredArray
        /// Whether rows are lines of text under a line of names.
        var isText: Bool
    }

    /// Opens files.
    ///
    /// - Parameters:
    ///   - paths: The files; `.npy` files in pairs, theta before x.
    ///   - thetaNames: The columns of `.csv` files that are theta; nil for `theta…`.
    ///   - xNames: The columns of `.csv` files that are x; nil for `x…`, or for all but
    ///     `thetaNames`.
    ///   - scratchDirectory: Where data is expanded that cannot be read in place.
    /// - Throws: `SimulationFileError` naming file, array and place.
    public init(
        paths: [String],
        thetaNames: [String]? = nil,
        xNames: [String]? = nil,
        scratchDirectory: String
    ) throws(SimulationFileError) {
        var names: (theta: [String], x: [String])?
        var shards: [Shard] = []
        var rest = paths[...]
        while let path = rest.popFirst() {
            let file = try InputFile(path: path)
            switch path.split(separator: ".").last?.lowercased() {
            case "npz":
                shards.append(try Self.archive(file, directory: scratchDirectory))
            case "npy":
                guard let partner = rest.popFirst(), partner.lowercased().hasSuffix(".npy") else {
                    throw .list(
                        reason: "\(path): .npy files come in pairs, theta's before x's"
                    )
                }
                shards.append(
                    try Self.pair(file, try InputFile(path: partner), directory: scratchDirectory)
                )
            case "csv":
                let table = try CSVTable(
                    file,
                    thetaNames: thetaNames,
                    xNames: xNames,
                    directory: scratchDirectory
                )
                if let names, names != (table.thetaNames, table.xNames) {
                    throw .line(
                        path: path,
                        line: 1,
                        column: nil,
                        reason: "the columns differ from those of \(paths[0])"
                    )
                }
                names = (table.thetaNames, table.xNames)
                shards.append(Shard(path: path, theta: table.theta, x: table.x, isText: true))
            default:
                throw .list(reason: "\(path): expected a file named .npz, .npy or .csv")
            }
        }
        guard let first = shards.first else { throw .list(reason: "there are no files") }
        thetaDim = first.theta.rowWidth
        xShape = Self.xShape(first.x)
        self.thetaNames = names?.theta
        self.xNames = names?.x
        for shard in shards { try append(shard) }
    }

    /// N, the number of rows.
    public var count: Int { starts[starts.count - 1] }
    /// L, the number of entries of x.
    public var xDim: Int { xShape.reduce(1, *) }

    /// theta of rows in any order, `[rows, D]`.
    public func theta(
        of rows: some RandomAccessCollection<Int>
    ) throws(SimulationFileError) -> [Float] {
        try read(rows, \.theta)
    }

    /// x of rows in any order, `[rows, L]`.
    public func x(
        of rows: some RandomAccessCollection<Int>
    ) throws(SimulationFileError) -> [Float] {
        try read(rows, \.x)
    }

    /// Where a row stands: `sims.npz: row 17`, counted from 0, or `sims.csv: line 19`, from 1.
    public func place(ofRow row: Int) -> String {
        let shard = shard(ofRow: row)
        let own = row - starts[shard]
        let path = shards[shard].path
        return shards[shard].isText ? "\(path): line \(own + 2)" : "\(path): row \(own)"
    }

    /// This table with the rows of another one after its own.
    ///
    /// - Throws: `SimulationFileError` when the shapes differ.
    public func appending(_ other: Self) throws(SimulationFileError) -> Self {
        var table = self
        if let names = thetaNames, let others = other.thetaNames, names != others {
            throw .disagreement(
                path: other.shards[0].path,
                name: "theta",
                expected: "the columns \(names.joined(separator: ", "))",
                found: others.joined(separator: ", ")
            )
        }
        for shard in other.shards { try table.append(shard) }
        return table
    }

    private mutating func append(_ shard: Shard) throws(SimulationFileError) {
        let place = shards.first.map { " as in \($0.path)" } ?? ""
        guard shard.theta.rowWidth == thetaDim else {
            throw .disagreement(
                path: shard.theta.file.path,
                name: "theta",
                expected: "\(thetaDim) parameters\(place)",
                found: "\(shard.theta.rowWidth)"
            )
        }
        guard Self.xShape(shard.x) == xShape else {
            throw .disagreement(
                path: shard.x.file.path,
                name: "x",
                expected: "rows of shape \(xShape)\(place)",
                found: "\(Self.xShape(shard.x))"
            )
        }
        guard shard.theta.rowCount == shard.x.rowCount else {
            throw .disagreement(
                path: shard.x.file.path,
                name: "x",
                expected: "\(shard.theta.rowCount) rows, as many as theta has",
                found: "\(shard.x.rowCount)"
            )
        }
        shards.append(shard)
        starts.append(count + shard.theta.rowCount)
    }

    private func shard(ofRow row: Int) -> Int {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        var (low, high) = (0, shards.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= row { low = middle } else { high = middle }
        }
        return low
    }

    private func read(
        _ rows: some RandomAccessCollection<Int>,
        _ array: KeyPath<Shard, StoredArray>
    ) throws(SimulationFileError) -> [Float] {
        if shards.count == 1 { return try shards[0][keyPath: array].read(rows) }
        var values: [Float] = []
        var index = rows.startIndex
        while index < rows.endIndex {
            let shard = shard(ofRow: rows[index])
            let range = starts[shard]..<starts[shard + 1]
            var own: [Int] = []
            while index < rows.endIndex, range.contains(rows[index]) {
                own.append(rows[index] - range.lowerBound)
                rows.formIndex(after: &index)
            }
            values += try shards[shard][keyPath: array].read(own)
        }
        return values
    }
}

extension SimulationTable {
    /// The shape of one x; a number alone is a vector of one.
    private static func xShape(_ x: StoredArray) -> [Int] {
        x.shape.count == 1 ? [1] : Array(x.shape.dropFirst())
    }

    private static func archive(
        _ file: InputFile,
        directory: String
    ) throws(SimulationFileError) -> Shard {
        let archive = try ZipArchive(file)
        func array(_ name: String) throws(SimulationFileError) -> StoredArray {
            guard let member = archive.members.first(where: { $0.name == "\(name).npy" }) else {
                throw .missingArray(
                    path: file.path,
                    name: name,
                    found: archive.members.map {
                        $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name
                    }
                )
            }
            return try StoredArray.open(member, of: file, name: name, directory: directory)
        }
        return try shard(path: file.path, theta: try array("theta"), x: try array("x"))
    }

    private static func pair(
        _ theta: InputFile,
        _ x: InputFile,
        directory: String
    ) throws(SimulationFileError) -> Shard {
        try shard(
            path: theta.path,
            theta: try StoredArray(npy: theta, name: "theta", directory: directory),
            x: try StoredArray(npy: x, name: "x", directory: directory)
        )
    }

    private static func shard(
        path: String,
        theta: StoredArray,
        x: StoredArray
    ) throws(SimulationFileError) -> Shard {
        guard (1...2).contains(theta.shape.count), theta.rowWidth > 0 else {
            throw .array(
                path: theta.file.path,
                name: "theta",
                reason: "its shape is \(theta.shape), expected [N, D]"
            )
        }
        guard !x.shape.isEmpty, x.rowWidth > 0 else {
            throw .array(
                path: x.file.path,
                name: "x",
                reason: "its shape is \(x.shape), expected [N, …]"
            )
        }
        return Shard(path: path, theta: theta, x: x, isText: false)
    }
}
