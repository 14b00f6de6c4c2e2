import SimulationFiles

/// A pass over the rows of files that finds what cannot be trained on.
struct RowCheck: Sendable {
    private let table: SimulationTable
    private let support: PriorSupport
    private let policy: RowPolicy
    private let thetaNames: [String]?
    private let xNames: [String]?
    /// The rows to leave out, ascending.
    private(set) var invalid: [Int] = []
    private var firstInvalid: [String] = []
    private var outsideCount = 0
    private var firstOutside: [String] = []
    private var theta: Extremes
    private var x: Extremes

    /// How many rows an error message shows.
    private static let shownRows = 5

    /// Prepares a pass.
    init(
        _ table: SimulationTable,
        support: PriorSupport,
        policy: RowPolicy,
        thetaNames: [String]?,
        xNames: [String]?
    ) {
        self.table = table
        self.support = support
        self.policy = policy
        self.thetaNames = thetaNames
        self.xNames = xNames
        theta = Extremes(width: table.thetaDim)
        x = Extremes(width: table.xDim)
    }

    /// Looks at every row, on several threads.
    ///
    /// - Throws: `TrainingError.data` for the gravest of what was found.
    mutating func run(workers: Int) throws(TrainingError) {
        let width = (table.thetaDim + table.xDim) * MemoryLayout<Float>.size
        let size = max(FileRows.chunkBytes / width, 1)
        let empty = self
        try OrderedChunks.run(
            count: table.count,
            size: size,
            workers: workers,
            map: { rows throws(TrainingError) in
                var part = empty
                do throws(SimulationFileError) {
                    part.look(
                        rows,
                        theta: try part.table.theta(of: rows),
                        x: try part.table.x(of: rows)
                    )
                } catch {
                    throw .simulationFile(error)
                }
                return part
            },
            fold: { combine($0) }
        )
        try report()
    }

    /// Takes in what was seen of the rows that follow.
    private mutating func combine(_ next: Self) {
        invalid += next.invalid
        outsideCount += next.outsideCount
        firstInvalid += next.firstInvalid.prefix(Self.shownRows - firstInvalid.count)
        firstOutside += next.firstOutside.prefix(Self.shownRows - firstOutside.count)
        theta.combine(next.theta)
        x.combine(next.x)
    }

    private mutating func look(_ rows: Range<Int>, theta: [Float], x: [Float]) {
        let (thetaDim, xDim) = (table.thetaDim, table.xDim)
        for (index, row) in rows.enumerated() {
            let draw = theta[index * thetaDim..<(index + 1) * thetaDim]
            let output = x[index * xDim..<(index + 1) * xDim]
            let badTheta = draw.firstIndex { !$0.isFinite }
            let badX = output.firstIndex { !$0.isFinite }
            if badTheta == nil, let badX, isMissing(output, from: badX) {
                // Kept as it is.
            } else if badTheta != nil || badX != nil {
                invalid.append(row)
                if firstInvalid.count < Self.shownRows {
                    let column =
                        badTheta.map { thetaColumn($0 - draw.startIndex) }
                        ?? badX.map { xColumn($0 - output.startIndex) } ?? ""
                    let value = badTheta.map { theta[$0] } ?? badX.map { x[$0] } ?? .nan
                    firstInvalid.append("\(table.place(ofRow: row)), \(column) = \(value)")
                }
                continue
            }
            self.theta.combine(draw)
            self.x.combine(output)
            if !support.contains(draw) {
                outsideCount += 1
                if firstOutside.count < Self.shownRows {
                    let values = draw.prefix(8).map(\.description).joined(separator: ", ")
                    let more = draw.count > 8 ? ", …" : ""
                    firstOutside.append("\(table.place(ofRow: row)), theta = [\(values)\(more)]")
                }
            }
        }
    }

    /// Whether what is not finite in an x is NaN that stands for missing numbers.
    private func isMissing(_ x: ArraySlice<Float>, from first: Int) -> Bool {
        guard let accepts = policy.acceptsMissing else { return false }
        return x[first...].allSatisfy { $0.isFinite || $0.isNaN } && accepts(x)
    }

    private func report() throws(TrainingError) {
        let usable = table.count - invalid.count
        if !invalid.isEmpty {
            // A column without a number says more than its rows.
            if usable == 0 { try reportEmptyColumn() }
            guard policy.dropsInvalidRows else {
                throw .data(
                    .invalidNumbers(
                        count: invalid.count,
                        total: table.count,
                        first: firstInvalid
                    )
                )
            }
        }
        if outsideCount > 0 {
            throw .data(
                .outsidePrior(count: outsideCount, total: table.count, first: firstOutside)
            )
        }
        guard usable >= 2 else {
            throw .data(.tooFewRows(usable: usable, dropped: invalid.count, needed: 2))
        }
        if let index = theta.firstConstant {
            throw .data(
                .constantColumn(
                    column: thetaColumn(index),
                    value: theta.lower[index],
                    canBeAllowed: false
                )
            )
        }
        if !policy.allowsConstantX, let index = x.firstConstant {
            throw .data(
                .constantColumn(column: xColumn(index), value: x.lower[index], canBeAllowed: true)
            )
        }
    }

    /// Throws if a column has no finite number in any row.
    private func reportEmptyColumn() throws(TrainingError) {
        let size = max(FileRows.chunkBytes / (4 * (table.thetaDim + table.xDim)), 1)
        var theta = Extremes(width: table.thetaDim)
        var x = Extremes(width: table.xDim)
        for start in stride(from: 0, to: table.count, by: size) {
            let rows = start..<min(start + size, table.count)
            do {
                theta.combine(try table.theta(of: rows)[...])
                x.combine(try table.x(of: rows)[...])
            } catch {
                throw .simulationFile(error)
            }
        }
        if let index = theta.firstEmpty { throw .data(.noNumbers(column: thetaColumn(index))) }
        if let index = x.firstEmpty { throw .data(.noNumbers(column: xColumn(index))) }
    }

    /// A column of theta, such as `theta[1] (mass)`.
    private func thetaColumn(_ index: Int) -> String {
        Self.column("theta", [index], name: thetaNames?[index])
    }

    /// A column of x, such as `x[3, 1]`.
    private func xColumn(_ entry: Int) -> String {
        var rest = entry
        var indices: [Int] = []
        for extent in table.xShape.reversed() {
            indices.append(rest % extent)
            rest /= extent
        }
        return Self.column("x", indices.reversed(), name: xNames?[entry])
    }

    private static func column(_ variable: String, _ indices: [Int], name: String?) -> String {
        let place = indices.map(String.init).joined(separator: ", ")
        return "\(variable)[\(place)]\(name.map { " (\($0))" } ?? "")"
    }
}

/// The least and greatest finite number of each column.
struct Extremes: Sendable {
    /// The least number of each column; ∞ before there is one.
    private(set) var lower: [Float]
    /// The greatest number of each column; −∞ before there is one.
    private(set) var upper: [Float]

    /// Starts with no rows.
    init(width: Int) {
        lower = Array(repeating: .infinity, count: width)
        upper = Array(repeating: -.infinity, count: width)
    }

    /// Takes in rows, `[rows, width]`.
    mutating func combine(_ rows: ArraySlice<Float>) {
        var column = 0
        for value in rows {
            if value.isFinite {
                if value < lower[column] { lower[column] = value }
                if value > upper[column] { upper[column] = value }
            }
            column += 1
            if column == lower.count { column = 0 }
        }
    }

    /// Takes in the extremes of other rows.
    mutating func combine(_ other: Self) {
        for column in lower.indices {
            lower[column] = min(lower[column], other.lower[column])
            upper[column] = max(upper[column], other.upper[column])
        }
    }

    /// The first column whose numbers are all the same.
    var firstConstant: Int? { lower.indices.first { lower[$0] == upper[$0] } }
    /// The first column without a finite number.
    var firstEmpty: Int? { lower.indices.first { lower[$0] > upper[$0] } }
}
