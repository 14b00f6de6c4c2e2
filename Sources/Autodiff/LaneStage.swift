import Kernels

/// What one stage of a plan runs on a tile: loads, a tape, stores.
struct LaneStage: Sendable {
    /// An input to be loaded before the tape runs.
    struct Load: Sendable {
        var input: Int
        var row: Int
    }

    /// A value to be stored after the tape has run, at a column of the stage's result.
    struct Store: Sendable {
        var row: Int
        var width: Int
        var column: Int
    }

    var loads: [Load]
    var tape: LaneTape
    var stores: [Store]
    /// Columns of the stage's result.
    var resultWidth: Int
    /// Lanes of one tile: as many as keep the rows within the second-level cache.
    var tileLanes: Int
}

extension LaneStage {
    /// Bytes of rows one tile may have before it takes fewer lanes.
    private static let tileBytes = 256 << 10
    /// The largest tile: more lanes only cost cache.
    private static let maximumLanes = 128
    /// The smallest tile worth running: two vectors.
    private static let minimumLanes = 16

    static func tileLanes(rows: Int) -> Int {
        let fitting = tileBytes / (4 * max(rows, 1)) / minimumLanes * minimumLanes
        return min(max(fitting, minimumLanes), maximumLanes)
    }
}

/// Turns the nodes of one stage into a tape: decides where values live, then emits instructions.
struct LaneStagePlanner {
    let program: LaneProgram
    /// Whether a node is computed by this stage.
    let isOwn: [Bool]
    /// Where the values come from that this stage only reads, one scalar a row.
    let scalars: [Int: ScalarSource]
    /// The stage's constants.
    let literals: [Float]
    /// Length of an observation's scalars.
    let observationScalars: Int
    /// What leaves the stage, in order.
    let results: [Int]
    /// Parameter sums this stage feeds.
    let sinks: [ParameterSink]

    private var home: [Int: (parent: Int, offset: Int)] = [:]
    private var firstRow: [Int: Int] = [:]
    private var expansions: [Int: Int] = [:]
    private var instructions: [LaneInstruction] = []
    private var tiles: [MatrixTile] = []
    private var indices: [Int] = []
    private var terms: [ContractionTerm] = []
    private var ownLiterals: [Float] = []
    private var knownTiles: [LinearKey: Range<Int>] = [:]

    private struct LinearKey: Hashable {
        var block: MatrixBlock
        var transposed: Bool
    }

    init(
        program: LaneProgram,
        isOwn: [Bool],
        scalars: [Int: ScalarSource],
        literals: [Float],
        observationScalars: Int,
        results: [Int],
        sinks: [ParameterSink]
    ) {
        self.program = program
        self.isOwn = isOwn
        self.scalars = scalars
        self.literals = literals
        self.observationScalars = observationScalars
        self.results = results
        self.sinks = sinks
    }

    mutating func plan() -> LaneStage {
        ownLiterals = literals
        let own = program.nodes.indices.filter { isOwn[$0] }
        let sinkPlaces = placesOfSinks()
        findExpansions(own, sinkPlaces)
        findHomes(own)
        let rows = allocate(own, sinkPlaces)
        emit(own, sinkPlaces)
        let tape = LaneTape(
            instructions: instructions,
            tiles: tiles,
            indices: indices,
            terms: terms,
            literals: ownLiterals,
            rows: rows,
            parameterCount: program.layout.count,
            observationScalars: observationScalars
        )
        var column = 0
        var stores: [LaneStage.Store] = []
        for result in results {
            let width = program.nodes[result].width
            stores.append(.init(row: row(of: result), width: width, column: column))
            column += width
        }
        let loads = own.compactMap { index -> LaneStage.Load? in
            guard case .input(let input) = program.nodes[index].operation else { return nil }
            return .init(input: input, row: row(of: index))
        }
        return LaneStage(
            loads: loads,
            tape: tape,
            stores: stores,
            resultWidth: column,
            tileLanes: LaneStage.tileLanes(rows: rows)
        )
    }
}

// Where values live.
extension LaneStagePlanner {
    /// A sink runs as soon as both its operands are there.
    private func placesOfSinks() -> [Int: [ParameterSink]] {
        var places: [Int: [ParameterSink]] = [:]
        for sink in sinks {
            switch sink {
            case .outer(_, let cotangent, let source):
                places[max(cotangent, source), default: []].append(sink)
            case .rowSums(_, let cotangent): places[cotangent, default: []].append(sink)
            }
        }
        return places
    }

    /// The operands a node needs as rows; a linear map takes scalars as its addend.
    private func rowOperands(of index: Int) -> [Int] {
        let node = program.nodes[index]
        guard case .linear = node.operation, node.operands.count == 2,
            scalars[node.operands[1]] != nil
        else { return node.operands }
        return [node.operands[0]]
    }

    private func operands(of sink: ParameterSink) -> [Int] {
        switch sink {
        case .outer(_, let cotangent, let source): [cotangent, source]
        case .rowSums(_, let cotangent): [cotangent]
        }
    }

    /// Scalars that some instruction needs as rows, and the node before which they are filled.
    private mutating func findExpansions(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) {
        for index in own {
            for operand in rowOperands(of: index) where scalars[operand] != nil {
                expansions[operand] = min(expansions[operand] ?? index, index)
            }
        }
        for (place, sinks) in sinkPlaces {
            for operand in sinks.flatMap(operands(of:)) where scalars[operand] != nil {
                expansions[operand] = min(expansions[operand] ?? place, place)
            }
        }
        for result in results where scalars[result] != nil {
            expansions[result] = min(expansions[result] ?? .max, own.last ?? 0)
        }
    }

    /// A slice lives inside what it was cut from; a part of a concatenation is computed in place.
    ///
    /// The one-sweep inverse of an autoregressive map appends one group of units after another:
    /// its concatenations then cost nothing.
    private mutating func findHomes(_ own: [Int]) {
        for index in own {
            guard case .gather(let indices) = program.nodes[index].operation,
                zip(indices, indices.dropFirst()).allSatisfy({ $0 + 1 == $1 })
            else { continue }
            home[index] = (program.nodes[index].operands[0], indices[0])
        }
        for index in own.reversed() {
            let node = program.nodes[index]
            guard node.operation == .concatenate else { continue }
            var offset = 0
            for operand in node.operands {
                if home[operand] == nil, isOwn[operand] || expansions[operand] != nil {
                    home[operand] = (index, offset)
                }
                offset += program.nodes[operand].width
            }
        }
    }

    /// The block of rows a value lives in, and where in it.
    private func root(of index: Int) -> (root: Int, offset: Int) {
        var place = (root: index, offset: 0)
        while let next = home[place.root] {
            place = (next.parent, place.offset + next.offset)
        }
        return place
    }

    private func row(of index: Int) -> Int {
        let (root, offset) = root(of: index)
        return (firstRow[root] ?? 0) + offset
    }

    /// Gives each block the lowest rows that are free while it lives; returns the rows needed.
    private mutating func allocate(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) -> Int {
        var first: [Int: Int] = [:]
        var last: [Int: Int] = [:]
        func live(_ index: Int, at time: Int) {
            let root = root(of: index).root
            first[root] = min(first[root] ?? time, time)
            last[root] = max(last[root] ?? time, time)
        }
        for index in own {
            // Inputs are loaded before the first instruction.
            if case .input = program.nodes[index].operation {
                live(index, at: -1)
            } else {
                live(index, at: index)
            }
            for operand in rowOperands(of: index) { live(operand, at: index) }
        }
        for (place, sinks) in sinkPlaces {
            for operand in sinks.flatMap(operands(of:)) { live(operand, at: place) }
        }
        for (index, time) in expansions { live(index, at: time) }
        for result in results { live(result, at: .max) }

        var busy: [(rows: Range<Int>, last: Int)] = []
        var total = 0
        for root in first.keys.sorted(by: { (first[$0] ?? 0, $0) < (first[$1] ?? 0, $1) }) {
            let width = program.nodes[root].width
            busy.removeAll { $0.last < first[root] ?? 0 }
            var start = 0
            for block in busy where block.rows.lowerBound < start + width {
                start = max(start, block.rows.upperBound)
            }
            let place = busy.firstIndex { $0.rows.lowerBound >= start + width } ?? busy.count
            busy.insert((start..<(start + width), last[root] ?? 0), at: place)
            firstRow[root] = start
            total = max(total, start + width)
        }
        return total
    }
}

// What is computed.
extension LaneStagePlanner {
    private mutating func emit(_ own: [Int], _ sinkPlaces: [Int: [ParameterSink]]) {
        var fills: [Int: [Int]] = [:]
        for (index, time) in expansions { fills[time, default: []].append(index) }
        for index in own {
            for value in (fills[index] ?? []).sorted() {
                guard let source = scalars[value] else { continue }
                instructions.append(
                    .fill(target: row(of: value), count: width(value), scalars: source)
                )
            }
            emit(index)
            for sink in sinkPlaces[index] ?? [] { emit(sink) }
        }
    }

    private func width(_ index: Int) -> Int { program.nodes[index].width }

    private mutating func emit(_ index: Int) {
        let node = program.nodes[index]
        let target = row(of: index)
        func operand(_ position: Int) -> Int { row(of: node.operands[position]) }
        switch node.operation {
        case .input, .literal, .parameters: break
        case .linear(let block, let transposed):
            emitLinear(block, transposed, node, target)
        case .unary(let function):
            instructions.append(
                .unary(function, target: target, source: operand(0), count: node.width)
            )
        case .binary(let function):
            instructions.append(
                .binary(
                    function,
                    target: target,
                    left: operand(0),
                    right: operand(1),
                    count: node.width
                )
            )
        case .scaleAndShift(let scales, let shifts):
            let offset = ownLiterals.count
            ownLiterals += scales + shifts
            instructions.append(
                .scaleAndShift(
                    target: target,
                    source: operand(0),
                    count: node.width,
                    scales: offset,
                    shifts: offset + scales.count
                )
            )
        case .select:
            instructions.append(
                .select(
                    target: target,
                    condition: operand(0),
                    left: operand(1),
                    right: operand(2),
                    count: node.width
                )
            )
        case .gather(let list):
            guard home[index]?.parent != node.operands[0] else { return }
            emitGather(list, target: target, source: operand(0))
        case .scatterAdd(let list):
            let start = indices.count
            indices += list
            instructions.append(
                .scatterAdd(
                    target: target,
                    count: node.width,
                    source: operand(0),
                    indices: start..<indices.count
                )
            )
        case .contraction(let list):
            let start = terms.count
            terms += list
            instructions.append(
                .contraction(
                    target: target,
                    count: node.width,
                    left: operand(0),
                    right: operand(1),
                    terms: start..<terms.count
                )
            )
        case .concatenate:
            var offset = 0
            for (position, part) in node.operands.enumerated() {
                // A part that appears twice, or lives elsewhere, is copied.
                if operand(position) != target + offset {
                    emitGather(
                        Array(0..<width(part)),
                        target: target + offset,
                        source: operand(position)
                    )
                }
                offset += width(part)
            }
        case .groupMaximum(let size):
            instructions.append(
                .groupMaximum(target: target, count: node.width, source: operand(0), size: size)
            )
        }
    }

    private mutating func emitGather(_ list: [Int], target: Int, source: Int) {
        let start = indices.count
        indices += list
        instructions.append(
            .gather(target: target, source: source, indices: start..<indices.count)
        )
    }

    private mutating func emitLinear(
        _ block: MatrixBlock,
        _ transposed: Bool,
        _ node: LaneNode,
        _ target: Int
    ) {
        let matrix = program.layout.matrices[block.matrix]
        let addend: MatrixAddend =
            if node.operands.count < 2 {
                .zero
            } else if let source = scalars[node.operands[1]] {
                .scalars(source)
            } else {
                .rows(row(of: node.operands[1]))
            }
        instructions.append(
            .linear(
                target: target,
                source: row(of: node.operands[0]),
                matrix: view(of: block, in: matrix, transposed: transposed),
                tiles: tiles(of: block, in: matrix, transposed: transposed),
                addend: addend
            )
        )
    }

    private mutating func emit(_ sink: ParameterSink) {
        switch sink {
        case .outer(let block, let cotangent, let source):
            let matrix = program.layout.matrices[block.matrix]
            instructions.append(
                .outer(
                    cotangent: row(of: cotangent),
                    source: row(of: source),
                    sourceCount: width(source),
                    matrix: view(of: block, in: matrix, transposed: false),
                    tiles: tiles(of: block, in: matrix, transposed: false)
                )
            )
        case .rowSums(let offset, let cotangent):
            instructions.append(
                .rowSums(cotangent: row(of: cotangent), count: width(cotangent), offset: offset)
            )
        }
    }

    private func view(
        of block: MatrixBlock,
        in matrix: ParameterLayout.Matrix,
        transposed: Bool
    ) -> MatrixView {
        MatrixView(
            offset: matrix.offset + block.rows.lowerBound * matrix.stride
                + block.columns.lowerBound,
            rowStride: transposed ? 1 : matrix.stride,
            innerStride: transposed ? matrix.stride : 1
        )
    }

    private mutating func tiles(
        of block: MatrixBlock,
        in matrix: ParameterLayout.Matrix,
        transposed: Bool
    ) -> Range<Int> {
        let key = LinearKey(block: block, transposed: transposed)
        if let range = knownTiles[key] { return range }
        let rowExtents = block.rows.map { row in
            let extent = matrix.rowExtents[row].clamped(to: block.columns)
            let lower = extent.lowerBound - block.columns.lowerBound
            return lower..<(lower + extent.count)
        }
        let extents: [Range<Int>]
        if transposed {
            extents = (0..<block.columns.count).map { column in
                let rows = rowExtents.indices.filter { rowExtents[$0].contains(column) }
                guard let first = rows.first, let last = rows.last else { return 0..<0 }
                return first..<(last + 1)
            }
        } else {
            extents = rowExtents
        }
        let start = tiles.count
        tiles += MatrixTile.cover(rowExtents: extents)
        knownTiles[key] = start..<tiles.count
        return start..<tiles.count
    }
}
