import Kernels
import TestSupport
import Testing

/// Runs one instruction over a memory of random rows and hands both to a check.
private struct Bench {
    var rows: Int
    var lanes: Int
    var parameters: [Float] = []
    var gradient: [SIMD8<Float>] = []
    /// The memory before, `[rows][lanes]`.
    var before: [[Float]] = []
    /// The memory after.
    var after: [[Float]] = []

    init(rows: Int, lanes: Int, parameterCount: Int = 0, seed: UInt64 = 1) {
        self.rows = rows
        self.lanes = lanes
        var stream = RandomStream(seed: seed)
        before = (0..<rows).map { _ in (0..<lanes).map { _ in Float(stream.normal()) } }
        parameters = (0..<parameterCount).map { _ in Float(stream.normal()) }
        gradient = Array(repeating: .zero, count: parameterCount / 8)
    }

    mutating func run(
        _ instruction: LaneInstruction,
        tiles: [MatrixTile] = [],
        indices: [Int] = [],
        terms: [ContractionTerm] = [],
        literals: [Float] = [],
        observation: [Float] = []
    ) {
        let tape = LaneTape(
            instructions: [instruction],
            tiles: tiles,
            indices: indices,
            terms: terms,
            literals: literals,
            rows: rows,
            parameterCount: parameters.count,
            observationScalars: observation.count
        )
        let start = gradient
        for width in LaneWidth.allCases where width.isAvailable {
            var memory = LaneMemory(rows: rows, maximumLanes: max(lanes, 1))
            memory.width = width
            memory.setLanes(lanes)
            for row in 0..<rows {
                for lane in 0..<memory.lanes {
                    memory[row, lane] = lane < lanes ? before[row][lane] : 0
                }
            }
            var sums = start
            memory.execute(
                tape,
                parameters: parameters,
                observation: observation,
                observationOffset: 0,
                gradient: &sums
            )
            let result = (0..<rows).map { row in (0..<lanes).map { memory[row, $0] } }
            if width == .eight { (after, gradient) = (result, sums) }
            let isSame =
                Self.bits(result.joined()) == Self.bits(after.joined())
                && Self.bits(sums.flatMap(Self.lanes)) == Self.bits(gradient.flatMap(Self.lanes))
            #expect(isSame, "\(instruction) in vectors of \(width)")
        }
    }

    private static func lanes(_ vector: SIMD8<Float>) -> [Float] { (0..<8).map { vector[$0] } }

    private static func bits(_ values: some Sequence<Float>) -> [UInt32] {
        values.map(\.bitPattern)
    }

    func lane(_ lane: Int, rows: Range<Int>) -> [Double] {
        rows.map { Double(before[$0][lane]) }
    }
}

/// Instructions against their naive twins.
@Suite struct LaneTapeTests {
    /// Counts of lanes around the vector width and beyond one register block.
    static let laneCounts = [1, 7, 8, 9, 16, 17, 40, 128]

    /// Row extents of a matrix: dense, block-triangular, and with empty rows.
    private static func extents(_ rows: Int, _ columns: Int, _ form: String) -> [Range<Int>] {
        (0..<rows).map { row in
            switch form {
            case "dense": 0..<columns
            case "triangular": 0..<min(columns, row / 3 * 2)
            default: min(row, columns)..<columns
            }
        }
    }

    @Test(arguments: laneCounts, ["dense", "triangular", "suffix"])
    func `a product and its transpose are within the error bound of the naive twin`(
        lanes: Int,
        form: String
    ) {
        for (rows, columns) in [(1, 1), (1, 9), (2, 8), (3, 5), (5, 7), (6, 6), (13, 11), (50, 50)]
        {
            let stride = (columns + 7) / 8 * 8
            let extents = Self.extents(rows, columns, form)
            for transposed in [false, true] {
                let (outputs, inputs) = transposed ? (columns, rows) : (rows, columns)
                var bench = Bench(
                    rows: inputs + 2 * outputs,
                    lanes: lanes,
                    parameterCount: rows * stride,
                    seed: UInt64(rows * 100 + columns)
                )
                // Outside its extent a row is zero, by contract.
                for row in 0..<rows {
                    for column in 0..<stride where !extents[row].contains(column) {
                        bench.parameters[row * stride + column] = 0
                    }
                }
                let view = MatrixView(
                    offset: 0,
                    rowStride: transposed ? 1 : stride,
                    innerStride: transposed ? stride : 1
                )
                let hulls = transposed ? Self.transposed(extents, columns) : extents
                let tiles = MatrixTile.cover(rowExtents: hulls)
                bench.run(
                    .linear(
                        target: inputs + outputs,
                        source: 0,
                        matrix: view,
                        tiles: tiles.indices,
                        addend: .rows(inputs)
                    ),
                    tiles: tiles
                )
                for lane in 0..<lanes {
                    let source = bench.lane(lane, rows: 0..<inputs)
                    let addend = bench.lane(lane, rows: inputs..<(inputs + outputs))
                    let weights = bench.parameters.map(Double.init)
                    let exact = zip(
                        naiveProduct(weights: weights, matrix: view, rows: outputs, source: source),
                        addend
                    ).map(+)
                    let magnitudes = zip(
                        naiveProduct(
                            weights: weights.map(abs),
                            matrix: view,
                            rows: outputs,
                            source: source.map(abs)
                        ),
                        addend
                    ).map { $0 + abs($1) }
                    for row in 0..<outputs {
                        let unit = 0x1p-24 * Double(inputs + 1)
                        let bound = unit / (1 - unit) * magnitudes[row]
                        let result = Double(bench.after[inputs + outputs + row][lane])
                        #expect(abs(result - exact[row]) <= bound)
                    }
                }
            }
        }
    }

    private static func transposed(_ extents: [Range<Int>], _ columns: Int) -> [Range<Int>] {
        (0..<columns).map { column in
            let rows = extents.indices.filter { extents[$0].contains(column) }
            guard let first = rows.first, let last = rows.last else { return 0..<0 }
            return first..<(last + 1)
        }
    }

    @Test(arguments: laneCounts)
    func `outer products and row sums add up over lanes`(lanes: Int) {
        for (rows, columns) in [(1, 1), (3, 9), (6, 8), (13, 50)] {
            let stride = (columns + 7) / 8 * 8
            var bench = Bench(
                rows: rows + columns,
                lanes: lanes,
                parameterCount: rows * stride + 16
            )
            let tiles = MatrixTile.cover(
                rowExtents: Array(repeating: 0..<columns, count: rows)
            )
            let start = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
            bench.gradient = bench.gradient.map { _ in start }
            bench.run(
                .outer(
                    cotangent: 0,
                    source: rows,
                    sourceCount: columns,
                    matrix: MatrixView(offset: 0, rowStride: stride, innerStride: 1),
                    tiles: tiles.indices
                ),
                tiles: tiles
            )
            for row in 0..<rows {
                for column in 0..<columns {
                    var exact = Double(column % 8)
                    var magnitude = abs(exact)
                    for lane in 0..<lanes {
                        let product =
                            Double(bench.before[row][lane])
                            * Double(bench.before[rows + column][lane])
                        exact += product
                        magnitude += abs(product)
                    }
                    let place = row * stride + column
                    let result = Double(bench.gradient[place / 8][place % 8])
                    #expect(abs(result - exact) <= 0x1p-23 * Double(lanes + 8) * magnitude)
                }
            }
            bench.gradient = bench.gradient.map { _ in .zero }
            bench.run(.rowSums(cotangent: 0, count: rows, offset: rows * stride))
            for row in 0..<min(rows, 16) {
                let place = rows * stride + row
                let exact = bench.before[row].reduce(0.0) { $0 + Double($1) }
                let magnitude = bench.before[row].reduce(0.0) { $0 + abs(Double($1)) }
                let result = Double(bench.gradient[place / 8][place % 8])
                #expect(abs(result - exact) <= 0x1p-23 * Double(lanes + 8) * magnitude)
            }
        }
    }

    @Test(arguments: laneCounts)
    func `binary functions, selection and scaling agree with their twins`(lanes: Int) {
        for function in BinaryFunction.allCases {
            var bench = Bench(rows: 9, lanes: lanes)
            bench.run(.binary(function, target: 6, left: 0, right: 3, count: 3))
            for row in 0..<3 {
                for lane in 0..<lanes {
                    let exact = function.naive(
                        Double(bench.before[row][lane]),
                        Double(bench.before[3 + row][lane])
                    )
                    let result = Double(bench.after[6 + row][lane])
                    #expect(isClose(result, exact, absolute: 1e-6, relative: 3e-7))
                }
            }
        }
        var bench = Bench(rows: 8, lanes: lanes)
        bench.run(.select(target: 6, condition: 0, left: 2, right: 4, count: 2))
        for row in 0..<2 {
            for lane in 0..<lanes {
                let expected = bench.before[bench.before[row][lane] > 0 ? 2 + row : 4 + row][lane]
                #expect(bench.after[6 + row][lane] == expected)
            }
        }
        bench.run(
            .scaleAndShift(target: 4, source: 0, count: 2, scales: 1, shifts: 3),
            literals: [9, 2, -3, 0.5, 1]
        )
        for lane in 0..<lanes {
            #expect(bench.after[4][lane] == Float(0.5).addingProduct(2, bench.before[0][lane]))
            #expect(bench.after[5][lane] == Float(1).addingProduct(-3, bench.before[1][lane]))
        }
    }

    @Test(arguments: laneCounts)
    func `rows are gathered, scattered, contracted, compared and filled`(lanes: Int) {
        var bench = Bench(rows: 12, lanes: lanes, parameterCount: 8)
        bench.run(.gather(target: 8, source: 1, indices: 1..<4), indices: [7, 2, 0, 2])
        for lane in 0..<lanes {
            #expect(bench.after[8][lane] == bench.before[3][lane])
            #expect(bench.after[9][lane] == bench.before[1][lane])
            #expect(bench.after[10][lane] == bench.before[3][lane])
        }
        bench.run(
            .scatterAdd(target: 8, count: 3, source: 0, indices: 0..<4),
            indices: [2, 0, 2, 2]
        )
        for lane in 0..<lanes {
            let column = bench.before.map { $0[lane] }
            #expect(bench.after[8][lane] == column[1])
            #expect(bench.after[9][lane] == 0)
            #expect(bench.after[10][lane] == column[0] + column[2] + column[3])
        }
        let terms = [(0, 1, 2), (2, 0, 0), (2, 1, 3)]
            .map { ContractionTerm(target: $0.0, left: $0.1, right: $0.2) }
        bench.run(
            .contraction(target: 8, count: 3, left: 0, right: 4, terms: 0..<3),
            terms: terms
        )
        for lane in 0..<lanes {
            let column = bench.before.map { $0[lane] }
            #expect(bench.after[8][lane] == column[1] * column[6])
            #expect(bench.after[9][lane] == 0)
            #expect(
                bench.after[10][lane]
                    == (column[0] * column[4]).addingProduct(column[1], column[7])
            )
        }
        bench.run(.groupMaximum(target: 8, count: 2, source: 0, size: 3))
        for lane in 0..<lanes {
            let column = bench.before.map { $0[lane] }
            #expect(bench.after[8][lane] == column[0..<3].max())
            #expect(bench.after[9][lane] == column[3..<6].max())
        }
        bench.run(
            .fill(target: 8, count: 2, scalars: .observation(1)),
            observation: [5, 6, 7]
        )
        for lane in 0..<lanes {
            #expect(bench.after[8][lane] == 6 && bench.after[9][lane] == 7)
        }
    }

    @Test func `a NaN in a group is its maximum`() {
        var bench = Bench(rows: 4, lanes: 8)
        bench.before[1][3] = .nan
        bench.run(.groupMaximum(target: 3, count: 1, source: 0, size: 3))
        #expect(bench.after[3][3].isNaN && !bench.after[3][2].isNaN)
    }

    @Test func `an instruction that leaves its memory stops the process`() async {
        await #expect(processExitsWith: .failure) {
            _ = LaneTape(
                instructions: [.unary(.exp, target: 1, source: 0, count: 2)],
                tiles: [],
                indices: [],
                terms: [],
                literals: [],
                rows: 2,
                parameterCount: 0,
                observationScalars: 0
            )
        }
        await #expect(processExitsWith: .failure) {
            let tiles = MatrixTile.cover(rowExtents: [0..<4])
            _ = LaneTape(
                instructions: [
                    .linear(
                        target: 4,
                        source: 0,
                        matrix: MatrixView(offset: 5, rowStride: 8, innerStride: 1),
                        tiles: tiles.indices,
                        addend: .zero
                    )
                ],
                tiles: tiles,
                indices: [],
                terms: [],
                literals: [],
                rows: 5,
                parameterCount: 8,
                observationScalars: 0
            )
        }
    }
}
